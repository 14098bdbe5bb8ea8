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
      <p>${sentences(detail ?? message, errors)}</p>
      ${errors.length > 1 && html`<ul>${errors.map(faultLine)}</ul>`}
      ${requestId && problem.status >= 500 && html`<p class="muted">Request ${requestId}</p>`}
      ${onRetry && html`<button type="button" class="button" onClick=${onRetry}>Try again</button>`}
    </div>
  </div>`;
}

/** The detail of a single fault has its place in JSON before it, which the fault names in words. */
function sentences(text, errors) {
  const place = errors.length === 1 ? `${errors[0].pointer}: ` : "";
  return text.startsWith(place) ? text.slice(place.length) : text;
}

function faultLine({ pointer, detail }) {
  return html`<li key=${pointer + detail}>${detail}</li>`;
}
