// Bytes of a result, or its first or last ones.

import { send } from "../../../core/api.js";
import { whenUp } from "../../../core/connection.js";
import { useEffect, useState } from "../../../core/preact.js";
import { Unreachable } from "../../../core/problems.js";

const NOTHING = { bytes: null, problem: null };
const MAX_ATTEMPTS = 5;
const BROKEN = {
  title: "The result could not be loaded",
  detail: "The connection broke. Download the result, or reload this page.",
};

/**
 * Load bytes. The last of a range counts, as in HTTP.
 * @param {string | null} href null: nothing is loaded
 * @param {[number, number]} [range]
 * @returns {{bytes: Uint8Array | null, problem: any}}
 */
export function useBytes(href, range) {
  const [state, setState] = useState(NOTHING);
  const [first, last] = range ?? [];
  useEffect(() => {
    setState(NOTHING);
    if (href === null) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    loadBytes(href, range, signal).then(
      (bytes) => setState({ bytes, problem: null }),
      (problem) => signal.aborted || setState({ bytes: null, problem }),
    );
    return () => controller.abort();
  }, [href, first, last]);
  return state;
}

/** Load all bytes of a result, or a range of them. */
export async function loadBytes(href, range, signal) {
  const response = await request(href, range, signal);
  try {
    return new Uint8Array(await response.arrayBuffer());
  } catch {
    throw BROKEN;
  }
}

/** Request a result, or a range of it; again, once the service answers, if it did not. */
export async function request(href, range, signal) {
  const headers = range === undefined ? {} : { Range: `bytes=${range[0]}-${range[1]}` };
  for (let attempt = 1; ; attempt++) {
    await whenUp(signal);
    try {
      return await send("GET", href, undefined, { headers, signal });
    } catch (problem) {
      if (!(problem instanceof Unreachable)) throw problem;
      // The service answers, but not this request: a fault that repeating does not cure.
      if (attempt === MAX_ATTEMPTS) throw BROKEN;
    }
  }
}
