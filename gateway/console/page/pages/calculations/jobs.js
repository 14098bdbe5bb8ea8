// What the page is doing with calculations: one thing at a time, which can be stopped.

import { toast } from "../../components/toast.js";
import { useCallback, useEffect, useRef, useState } from "../../core/preact.js";

/**
 * Return {text, problem, isBusy, run, stop, dismiss}. `run(task)` calls the task with a job, which
 * has a `signal` and `note(text)`; what the task resolves to is shown for a moment. It resolves to
 * whether that was anything.
 */
export function useJobs() {
  const [state, setState] = useState(IDLE);
  const controller = useRef(null);

  const run = useCallback(async (task) => {
    if (controller.current !== null) return false;
    const own = new AbortController();
    controller.current = own;
    setState({ text: null, problem: null, isBusy: true });
    let problem = null;
    let said = null;
    try {
      said = await task({
        signal: own.signal,
        note: (text) => setState({ text, problem: null, isBusy: true }),
      });
      if (said) toast(said);
    } catch (error) {
      if (own.signal.aborted) toast("Stopped");
      else problem = error;
    } finally {
      controller.current = null;
      setState({ ...IDLE, problem });
    }
    return Boolean(said);
  }, []);
  const stop = useCallback(() => controller.current?.abort(), []);
  const dismiss = useCallback(() => setState(IDLE), []);
  useEffect(() => stop, []);
  return { ...state, run, stop, dismiss };
}

const IDLE = { text: null, problem: null, isBusy: false };
