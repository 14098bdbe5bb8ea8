// A stream of events that a page listens to.

import { send } from "./api.js";
import { backoff, check, whenUp } from "./connection.js";
import { readEvents } from "./event_stream.js";
import { parseJson } from "./json.js";
import { useEffect, useRef, useState } from "./preact.js";
import { Problem, Unreachable } from "./problems.js";
import { isVisible, onVisibility } from "./visibility.js";

/**
 * Listen to a stream while the page is shown, and begin it again whenever it ends.
 *
 * A stream that has begun again tells the whole state first, so nothing is missed. Whoever has
 * heard the last event passes null.
 * @param {string | null} url
 * @param {{onEvent: (name: string, data: any) => void, onEnd?: () => void}} handlers
 * @returns {{isOpen: boolean, problem: Error | null}}
 */
export function useEvents(url, { onEvent, onEnd }) {
  const [state, setState] = useState({ isOpen: false, problem: null });
  const handlers = useRef({});
  handlers.current = { url, onEvent, onEnd };

  useEffect(() => {
    setState({ isOpen: false, problem: null });
    return url === null ? undefined : listen(url, handlers, setState);
  }, [url]);
  return state;
}

function listen(url, handlers, setState) {
  let controller = null;
  const start = () => {
    controller ??= new AbortController();
    keepOpen(url, handlers, setState, controller.signal);
  };
  const stop = () => {
    controller?.abort();
    controller = null;
  };
  const endListening = onVisibility((isShown) => {
    stop();
    setState({ isOpen: false, problem: null });
    if (isShown) start();
  });
  if (isVisible()) start();
  return () => {
    endListening();
    stop();
  };
}

async function keepOpen(url, handlers, setState, signal) {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      await whenUp(signal);
      const headers = { Accept: "text/event-stream" };
      const response = await send("GET", url, undefined, { signal, headers });
      setState({ isOpen: true, problem: null });
      await readEvents(response.body, (name, data) => {
        // Until an effect ends it, a stream may outlive the rendering that wants another one.
        if (signal.aborted || handlers.current.url !== url) return;
        failures = 0;
        handlers.current.onEvent(name, parseJson(data));
      });
      handlers.current.onEnd?.();
      setState({ isOpen: false, problem: null });
    } catch (error) {
      if (signal.aborted) return;
      const isBroken = error instanceof TypeError || error instanceof DOMException;
      setState({ isOpen: false, problem: isBroken ? new Unreachable() : error });
      if (isBroken) await check();
      else if (!(error instanceof Problem || error instanceof Unreachable)) throw error;
      if (signal.aborted) return;
      // What will be refused again is not asked for again.
      if (error.status >= 400 && error.status < 500 && error.status !== 429) return;
      await pause((error.retryAfter ?? 0) * 1000, signal);
    }
    await pause(backoff(failures), signal);
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
