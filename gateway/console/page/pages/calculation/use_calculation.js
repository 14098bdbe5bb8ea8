// The document of a calculation, kept as it is now.

import { isFinal } from "../../components/status.js";
import { bodyOf, send } from "../../core/api.js";
import { serviceNow } from "../../core/clock.js";
import { backoff, whenUp } from "../../core/connection.js";
import { useEvents } from "../../core/events.js";
import { useEffect, useRef, useState } from "../../core/preact.js";
import { isVisible } from "../../core/visibility.js";

/** While it is queued no event says that it was handed to the queue, nor how long that is. */
const QUEUED_SECONDS = 10;
/** While it cannot listen to events. */
const DEAF_SECONDS = 5;

/**
 * Return {document, problem, expected, replace}. `document` is null at first; `expected` is what
 * the service says of the time: {retryAfter, at}. `replace` takes a newer document.
 */
export function useCalculation(id) {
  const path = `/calculations/${id}`;
  const [document, setDocument] = useState(null);
  const [expected, setExpected] = useState(null);
  const [problem, setProblem] = useState(null);
  const news = useRef(0);
  const replace = (newer) => {
    news.current += 1;
    setDocument(newer);
  };
  const isListening = document !== null && !isFinal(document.status);
  const events = useEvents(isListening ? `${path}/events` : null, {
    onEvent: (_name, data) => replace(data),
  });

  useEffect(() => {
    const controller = new AbortController();
    const every = secondsToNext(document, events.problem);
    const load = async () => {
      const before = news.current;
      const response = await send("GET", path, undefined, { signal: controller.signal });
      const found = await bodyOf(response, controller.signal);
      setExpected(expectationOf(response));
      setProblem(null);
      if (news.current === before) setDocument(found); // otherwise an event was faster
    };
    keepLoading(load, every, setProblem, controller.signal);
    return () => controller.abort();
  }, [path, document?.status, document?.attempts, events.problem === null]);

  return { document, problem: problem ?? events.problem, expected, replace };
}

function secondsToNext(document, deafness) {
  if (document === null || isFinal(document.status)) return null;
  if (deafness !== null) return DEAF_SECONDS;
  return document.status === "queued" ? QUEUED_SECONDS : null;
}

async function keepLoading(load, every, setProblem, signal) {
  for (let failures = 0; !signal.aborted; ) {
    try {
      await whenUp(signal);
      if (isVisible() || every === null) await load();
      failures = 0;
      if (every === null) return;
      await pause(every * 1000, signal);
    } catch (problem) {
      if (signal.aborted) return;
      setProblem(problem);
      if (problem.status >= 400 && problem.status < 500 && problem.status !== 429) return;
      await pause(backoff(failures++), signal);
    }
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function expectationOf(response) {
  const retryAfter = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return { retryAfter: Number.isNaN(retryAfter) ? null : retryAfter, at: serviceNow() };
}
