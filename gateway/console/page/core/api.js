// Requests to the service.

import { check } from "./connection.js";
import { parseJson, toJson } from "./json.js";
import { Problem, Unreachable } from "./problems.js";
import { signIn } from "./session.js";

export { Problem, Unreachable };

/** What NGINX answers for a gateway that does not; a gateway without its database does too. */
const NO_ANSWER = new Set([502, 503, 504]);

/**
 * Each resolves to the parsed body, and throws a Problem or Unreachable. Nothing is repeated, but
 * for a request that needed a key.
 */
export const api = {
  get: (path, options) => request("GET", path, undefined, options),
  post: (path, body, options) => request("POST", path, body, options),
  delete: (path, options) => request("DELETE", path, undefined, options),
};

/** Send a request; resolve to the response if it is a success. */
export async function send(method, path, body, { signal, headers } = {}) {
  for (;;) {
    const response = await answer(path, {
      method,
      signal,
      headers: { ...headers, ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : toJson(body),
    });
    if (response.ok) return response;
    const problem = new Problem(response, await documentOf(response));
    if (problem.status === 401) {
      await signIn(signal);
      continue;
    }
    if (NO_ANSWER.has(problem.status) && !(await check())) throw new Unreachable();
    throw problem;
  }
}

async function request(method, path, body, options) {
  const response = await send(method, path, body, options);
  try {
    const text = await response.text();
    return text === "" ? null : parseJson(text);
  } catch (error) {
    if (!(error instanceof TypeError) || options?.signal?.aborted) throw error;
    throw await broken(); // the connection, in the middle of an answer
  }
}

async function answer(path, options) {
  try {
    return await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw await broken();
  }
}

async function broken() {
  await check();
  return new Unreachable();
}

async function documentOf(response) {
  try {
    const type = response.headers.get("Content-Type") ?? "";
    return type.includes("json") ? parseJson(await response.text()) : null;
  } catch {
    return null;
  }
}
