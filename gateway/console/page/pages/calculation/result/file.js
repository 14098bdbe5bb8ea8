// What the service says of the result's bytes before they are loaded: the name of the file, and
// whether they are still there.

import { useEffect, useState } from "../../../core/preact.js";
import { useResource } from "../../../core/resource.js";
import { request } from "./bytes.js";
import { plainFileName } from "./kinds.js";

const UNKNOWN = { name: null, isKnown: false, isPruned: false, problem: null };
const KNOWN = { ...UNKNOWN, isKnown: true };
const GONE = 410;
/** Not HEAD: Chromium compares the digest of a compressed answer with the body that it lacks. */
const ONE_BYTE = [0, 0];

/** Return {name, isKnown, isPruned, problem}; until it is known, the name is a plain one. */
export function useResultFile(document) {
  const [state, setState] = useState(UNKNOWN);
  const { status, result, links } = document;
  const href = status === "succeeded" ? links.result : null;
  useEffect(() => {
    setState(UNKNOWN);
    if (href === null) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    request(href, result.length > 0 ? ONE_BYTE : undefined, signal).then(
      (response) => {
        response.body?.cancel(); // all of it, of an empty result or from a proxy without ranges
        setState({ ...KNOWN, name: nameIn(response) });
      },
      (problem) => signal.aborted || setState({ ...KNOWN, isPruned: problem.status === GONE, problem }),
    );
    return () => controller.abort();
  }, [href, document.finished_at]);
  const name = document.function;
  // Before there is a result, the catalogue says of what type it will be.
  const { data } = useResource(result === null ? `/functions/${encodeURIComponent(name)}` : null);
  const expected = { function: name, result: result ?? data?.result };
  return { ...state, name: state.name ?? plainFileName(expected) };
}

/** RFC 6266: filename*=UTF-8''… counts more than filename="…". */
function nameIn(response) {
  const header = response.headers.get("Content-Disposition") ?? "";
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  return /filename="([^"]+)"/i.exec(header)?.[1] ?? null;
}
