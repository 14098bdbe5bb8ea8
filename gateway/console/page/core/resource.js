// A document of the service that a page shows and keeps fresh.

import { api } from "./api.js";
import { backoff, isDown, whenUp } from "./connection.js";
import { useCallback, useEffect, useRef, useState } from "./preact.js";
import { Unreachable } from "./problems.js";
import { isVisible, onVisibility } from "./visibility.js";

const NOTHING = { data: null, problem: null, isLoading: true, isStale: false };
const IDLE = { ...NOTHING, isLoading: false };

/**
 * Load a document, and again every so many seconds. While the service does not answer, the last
 * data stay.
 * @param {string | null} path null: nothing is loaded
 * @param {{every?: number, enabled?: boolean}} [options]
 */
export function useResource(path, { every, enabled = true } = {}) {
  const [loaded, setLoaded] = useState({ path: null, state: NOTHING });
  const again = useRef(() => {});
  const isOn = enabled && path !== null;

  useEffect(() => {
    if (!isOn) return undefined;
    const loop = keepLoading(path, every, (change) =>
      setLoaded((before) => ({ path, state: change(before.path === path ? before.state : NOTHING) })),
    );
    again.current = loop.now;
    return loop.stop;
  }, [path, every, isOn]);

  const reload = useCallback(() => again.current(), []);
  // Of another path nothing is shown, not even until the next rendering.
  const state = loaded.path === path ? loaded.state : isOn ? NOTHING : IDLE;
  return { ...state, reload };
}

/** Whether a problem may go away by itself. */
function mayPass(problem) {
  return problem instanceof Unreachable || problem.status >= 500 || problem.status === 429;
}

function keepLoading(path, every, setState) {
  let controller = new AbortController();
  let timer = null;
  let failures = 0;

  const plan = (milliseconds) => {
    clearTimeout(timer);
    // Nobody looks: it is loaded when somebody does.
    if (isVisible()) timer = setTimeout(load, milliseconds);
  };

  async function load() {
    clearTimeout(timer);
    controller.abort();
    controller = new AbortController();
    const { signal } = controller;
    setState((state) => ({
      ...state,
      isLoading: true,
      isStale: state.isStale || (state.data !== null && isDown()),
    }));
    try {
      await whenUp(signal);
      const data = await api.get(path, { signal });
      if (signal.aborted) return;
      failures = 0;
      setState(() => ({ data, problem: null, isLoading: false, isStale: false }));
      if (every !== undefined) plan(every * 1000);
    } catch (problem) {
      if (signal.aborted) return;
      const isWaiting = problem instanceof Unreachable && isDown();
      setState(({ data }) => ({
        data,
        problem: isWaiting ? null : problem, // the banner of the page says it
        isLoading: isWaiting,
        isStale: data !== null,
      }));
      if (isWaiting) load(); // as soon as the service answers
      else if (mayPass(problem)) {
        plan(Math.max(backoff(failures++), (problem.retryAfter ?? 0) * 1000));
      }
    }
  }

  const endListening = onVisibility((isShown) => {
    if (!isShown) clearTimeout(timer);
    else if (every !== undefined || failures > 0) load();
  });
  load();
  return {
    now: load,
    stop() {
      endListening();
      clearTimeout(timer);
      controller.abort();
    },
  };
}
