// Requests to the service.

import { noteClock } from "./clock.js";
import { check } from "./connection.js";
import { parseJson, toJson } from "./json.js";
import { Problem, Unreachable } from "./problems.js";
import { signIn } from "./session.js";

export { Problem, Unreachable };

/** What NGINX answers for a gateway that does not; a gateway without its database does too. */
const NO_ANSWER = new Set([502, 503, 504]);

const SLOW_MILLISECONDS = 8000;

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
  return bodyOf(await send(method, path, body, options), options?.signal);
}

/** Return the parsed body of a response. */
export async function bodyOf(response, signal) {
  try {
    const text = await response.text();
    return text === "" ? null : parseJson(text);
  } catch (error) {
    if (!(error instanceof TypeError) || signal?.aborted) throw error;
    throw await broken(); // the connection, in the middle of an answer
  }
}

async function answer(path, options) {
  // A service that hangs is one that does not answer, long before the request fails.
  const timer = setTimeout(check, SLOW_MILLISECONDS);
  try {
    const response = await fetch(path, { credentials: "same-origin", ...options });
    noteClock(response);
    return response;
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw await broken();
  } finally {
    clearTimeout(timer);
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
