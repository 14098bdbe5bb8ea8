// What can be done with a calculation: cancel it, and run it again.

import { confirm } from "../../components/confirm.js";
import { isFinal } from "../../components/status.js";
import { toast } from "../../components/toast.js";
import { api } from "../../core/api.js";
import { useEffect, useRef, useState } from "../../core/preact.js";
import { navigate } from "../../core/router.js";
import { useSession } from "../../core/session.js";

const QUESTION = {
  title: "Cancel this calculation?",
  text: "It is cancelled for everyone who has submitted it. It can be run again later.",
  action: "Cancel the calculation",
  danger: true,
};

/**
 * Return {canCancel, canRunAgain, isCancelling, isBusy, problem, cancel, runAgain}.
 * @param {any} document
 * @param {(newer: any) => void} replace takes the document after it
 */
export function useActions(document, replace) {
  const session = useSession();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState(null);
  const [isRequested, setRequested] = useState(false);
  const hasActed = useRef(false);
  useEffect(() => setRequested(false), [document.status, document.attempts]);
  useEffect(() => {
    if (hasActed.current) keepFocus();
  }, [document.status]);

  const attempt = async (action) => {
    hasActed.current = true;
    setBusy(true);
    setProblem(null);
    try {
      await action();
    } catch (failed) {
      if (failed.name === "already-final") toast("It had ended already.");
      else setProblem(failed);
    } finally {
      setBusy(false);
    }
  };
  const cancel = async () => {
    if (!(await confirm(QUESTION))) return;
    await attempt(async () => {
      const answer = await api.delete(`/calculations/${document.id}`);
      if (answer.status === "running") setRequested(true);
      replace(answer);
    });
  };
  const runAgain = () =>
    attempt(async () => {
      const { function: name, arguments: given } = document;
      const answer = await api.post("/calculations", { function: name, arguments: given });
      if (answer.id === document.id) replace(answer);
      // Of another version of the function it is another calculation.
      else navigate(`/console/calculations/${answer.id}`);
    });
  const isRunning = document.status === "running";
  return {
    canCancel: !isFinal(document.status) && session.can("cancel"),
    canRunAgain: session.can("submit"),
    isCancelling: isRunning && (isRequested || document.cancelled_by !== null),
    isBusy,
    problem,
    cancel,
    runAgain,
  };
}

/** The button that was pressed may be gone: Tab goes on from the heading, and not from nowhere. */
function keepFocus() {
  if (window.document.activeElement !== window.document.body) return;
  const heading = window.document.querySelector("main h1");
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
