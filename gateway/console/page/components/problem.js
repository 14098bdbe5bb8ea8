// What went wrong, in words: what is wrong, and what to do.

import { html } from "../core/preact.js";
import { Icon } from "./icon.js";

/** <${ProblemNote} problem=${problem} onRetry=${reload} />; nothing without a problem. */
export function ProblemNote({ problem, onRetry }) {
  if (!problem) return null;
  const { title, detail, message, errors = [], requestId } = problem;
  return html`<div class="note note-problem" role="alert">
    <${Icon} name="warning" />
    <div>
      <p><strong>${title ?? "Something went wrong"}</strong></p>
      <p>${detail ?? message}</p>
      ${errors.length > 0 && html`<ul>${errors.map(faultLine)}</ul>`}
      ${requestId && problem.status >= 500 && html`<p class="muted">Request ${requestId}</p>`}
      ${onRetry && html`<button type="button" class="button" onClick=${onRetry}>Try again</button>`}
    </div>
  </div>`;
}

function faultLine({ pointer, detail }) {
  return html`<li key=${pointer + detail}>${detail}</li>`;
}
