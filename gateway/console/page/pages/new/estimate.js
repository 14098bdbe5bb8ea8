// What a calculation would cost, asked for while its arguments are typed.

import { api } from "../../core/api.js";
import { useConnection } from "../../core/connection.js";
import { useEffect, useState } from "../../core/preact.js";
import { Unreachable } from "../../core/problems.js";
import { useSession } from "../../core/session.js";

/** As long as nobody types for this time, the arguments are asked about. */
export const QUIET_MILLISECONDS = 300;

const RETRY_SECONDS = 10;
const NOTHING = { text: null, estimate: null, problem: null };

/**
 * Ask for the estimate of a request body, once it has not changed for a moment; what was asked
 * before is given up. While the service does not answer, nothing is asked.
 * @param {{function: string, arguments: object} | null} body null while it is incomplete
 * @param {string} text the JSON of the body
 * @returns {{estimate: object | null, problem: Error | null, isCurrent: boolean}}
 *   isCurrent: whether the answer is that to this body
 */
export function useEstimate(body, text) {
  const { isDown } = useConnection();
  const { can } = useSession();
  const [answer, setAnswer] = useState(NOTHING);
  const [attempt, setAttempt] = useState(0);
  const isAsked = body !== null && !isDown && can("read");

  useEffect(() => {
    if (!isAsked || (answer.text === text && !isTemporary(answer.problem))) return undefined;
    const controller = new AbortController();
    let retry = null;
    const ask = async () => {
      try {
        const estimate = await api.post("/estimates", body, { signal: controller.signal });
        setAnswer({ text, estimate, problem: null });
      } catch (problem) {
        if (controller.signal.aborted || problem instanceof Unreachable) return;
        setAnswer({ text, estimate: null, problem });
        if (!isTemporary(problem)) return;
        const seconds = problem.retryAfter ?? RETRY_SECONDS;
        retry = setTimeout(() => setAttempt((number) => number + 1), seconds * 1000);
      }
    };
    const timer = setTimeout(ask, QUIET_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      clearTimeout(retry);
      controller.abort();
    };
  }, [text, isAsked, attempt]);

  return { ...answer, isCurrent: body !== null && answer.text === text };
}

/** Say whether asking again may help. */
function isTemporary(problem) {
  return problem !== null && (problem.status === 429 || problem.status >= 500);
}
