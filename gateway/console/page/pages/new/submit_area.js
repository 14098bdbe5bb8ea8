// The button that submits, and what keeps it from doing so.

import { Note } from "../../components/note.js";
import { Icon } from "../../components/icon.js";
import { html } from "../../core/preact.js";
import { Unreachable } from "../../core/problems.js";
import { useSession } from "../../core/session.js";

/** @param {{isSending: boolean, problem: Error | null, known: object | null}} props */
export function SubmitArea({ isSending, problem, known }) {
  const { can, key } = useSession();
  if (!can("submit")) return html`<${ScopeMissing} keyName=${key} />`;
  return html`<div class="stack stack-small">
    <${Refusal} problem=${problem} />
    <button type="submit" class="button button-primary submit" aria-disabled=${isSending}>
      <${Icon} name="play" />${isSending ? "Submitting…" : labelFor(known)}
    </button>
    <p class="muted submit-hint"><kbd>Ctrl</kbd> + <kbd>Enter</kbd> submits from any field.</p>
  </div>`;
}

function labelFor(known) {
  switch (known?.status) {
    case "succeeded":
      return "Show the result";
    case "queued":
    case "running":
      return "Follow it";
    case "failed":
    case "cancelled":
      return "Submit again";
    default:
      return "Calculate";
  }
}

function ScopeMissing({ keyName }) {
  return html`<${Note} kind="warning">
    <p>
      <strong>${keyName ? `The key ${keyName}` : "Your key"} may not submit calculations.</strong>
    </p>
    <p>
      It lacks the scope <code>submit</code>. Sign out and use a key that has it; the operator makes
      keys.
    </p>
  <//>`;
}

/** Why the service has not taken it, with what to do. What was typed is still there. */
function Refusal({ problem }) {
  if (!problem) return null;
  const isUnreachable = problem instanceof Unreachable;
  return html`<${Note} kind="problem" role="alert">
    <p><strong>${isUnreachable ? problem.title : `Not submitted: ${problem.title}`}</strong></p>
    <p>${isUnreachable ? "Whether it was submitted is unknown." : problem.detail}</p>
    <p>${advice(problem, isUnreachable)} What you typed is kept.</p>
  <//>`;
}

function advice(problem, isUnreachable) {
  if (isUnreachable) {
    return "Submit it again once the service answers: it is the same calculation then.";
  }
  if (problem.status === 429 || problem.status === 503) {
    const when = problem.retryAfter === null ? "in a moment" : `in ${problem.retryAfter} s`;
    return `Submit it again ${when}, or try a smaller one.`;
  }
  return "";
}
