// How much of something is done.

import { percent } from "../core/format.js";
import { html } from "../core/preact.js";

/** <${Progress} value=${0.4} label="Progress of fibonacci" />; the value may be null: not known. */
export function Progress({ value, label }) {
  const isKnown = value !== null && value !== undefined;
  return html`<span class="progress">
    <progress value=${isKnown ? value : undefined} max="1" aria-label=${label} />
    ${isKnown && html`<span class="progress-text" aria-hidden="true">${percent(value)}</span>`}
  </span>`;
}
