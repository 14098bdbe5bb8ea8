// What the service says of the result's bytes before they are sent: the name of the file, and
// whether they are still there.

import { send } from "../../../core/api.js";
import { useEffect, useState } from "../../../core/preact.js";
import { plainFileName } from "./kinds.js";

const GONE = 410;

/** Return {name, isPruned, problem}. */
export function useResultFile(document) {
  const [state, setState] = useState({ name: null, isPruned: false, problem: null });
  const isThere = document.status === "succeeded";
  const { result: href } = document.links;
  useEffect(() => {
    setState({ name: null, isPruned: false, problem: null });
    if (!isThere) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    send("HEAD", href, undefined, { signal }).then(
      (response) => setState({ name: nameIn(response), isPruned: false, problem: null }),
      (problem) => {
        if (signal.aborted) return;
        setState({ name: null, isPruned: problem.status === GONE, problem });
      },
    );
    return () => controller.abort();
  }, [href, isThere, document.finished_at]);
  return { ...state, name: state.name ?? plainFileName(document) };
}

/** RFC 6266: filename*=UTF-8''… counts more than filename="…". */
function nameIn(response) {
  const header = response.headers.get("Content-Disposition") ?? "";
  const extended = /filename\*=UTF-8''([^;]+)/i.exec(header)?.[1];
  if (extended !== undefined) return decodeURIComponent(extended);
  return /filename="([^"]+)"/i.exec(header)?.[1] ?? null;
}
