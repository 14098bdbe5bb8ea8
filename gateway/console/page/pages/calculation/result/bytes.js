// Bytes of a result, or its first or last ones.

import { send } from "../../../core/api.js";
import { useEffect, useState } from "../../../core/preact.js";

/**
 * Load bytes. The last of a range counts, as in HTTP.
 * @param {string | null} href null: nothing is loaded
 * @param {[number, number]} [range]
 * @returns {{bytes: Uint8Array | null, problem: any}}
 */
export function useBytes(href, range) {
  const [state, setState] = useState({ bytes: null, problem: null });
  const [first, last] = range ?? [];
  useEffect(() => {
    setState({ bytes: null, problem: null });
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

export async function loadBytes(href, range, signal) {
  const headers = range === undefined ? {} : { Range: `bytes=${range[0]}-${range[1]}` };
  const response = await send("GET", href, undefined, { headers, signal });
  return new Uint8Array(await response.arrayBuffer());
}
