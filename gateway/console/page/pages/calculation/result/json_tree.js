// A value of JSON, folded where it is long. Integers have all their digits.

import { toJson } from "../../../core/json.js";
import { html, useState } from "../../../core/preact.js";
import { count } from "../../../core/format.js";

/** So many members are shown at once; a button shows more. */
const PAGE = 100;
/** A value with no more parts than this is shown unfolded. */
const SMALL = 60;

export function JsonTree({ value }) {
  return html`<div class="json"><${Value} value=${value} depth=${0} /></div>`;
}

function Value({ name, value, depth }) {
  const key = name === undefined ? null : html`<span class="json-key">${name}</span>: `;
  if (value === null || typeof value !== "object") {
    return html`<div class="json-line">${key}<span class="json-${kindOf(value)}">${toJson(value)}</span></div>`;
  }
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const members = Array.isArray(value) ? value.length : Object.keys(value).length;
  if (members === 0) return html`<div class="json-line">${key}${open}${close}</div>`;
  return html`<${Folded} key_=${key} value=${value} depth=${depth} open=${open} close=${close} />`;
}

function Folded({ key_, value, depth, open, close }) {
  const [isOpen, setOpen] = useState(() => depth === 0 || partsOf(value, SMALL) <= SMALL);
  const [shown, setShown] = useState(PAGE);
  const entries = Array.isArray(value) ? value.map((one) => [undefined, one]) : named(value);
  const more = entries.length - shown;
  const noun = Array.isArray(value) ? "item" : "member";
  return html`<details class="json-part" open=${isOpen} onToggle=${(event) => setOpen(event.currentTarget.open)}>
    <summary>${key_}${open}<span class="json-count"> ${count(entries.length)} ${noun}${entries.length === 1 ? "" : "s"} </span>${isOpen ? "" : close}</summary>
    ${isOpen &&
    html`<div class="json-members">
        ${entries
          .slice(0, shown)
          .map(([name, one], index) => html`<${Value} key=${index} name=${name} value=${one} depth=${depth + 1} />`)}
        ${more > 0 &&
        html`<button type="button" class="button" onClick=${() => setShown(shown + PAGE)}>
          Show ${count(Math.min(more, PAGE))} of ${count(more)} more</button>`}
      </div>
      <div class="json-line">${close}</div>`}
  </details>`;
}

function named(value) {
  return Object.entries(value).map(([name, one]) => [toJson(name), one]);
}

function kindOf(value) {
  return value === null || typeof value === "boolean" ? "word" : typeof value;
}

/** How many parts a value has; counting ends beyond the most that matters. */
function partsOf(value, most) {
  if (value === null || typeof value !== "object") return 1;
  let parts = 1;
  for (const one of Object.values(value)) {
    parts += partsOf(one, most);
    if (parts > most) break;
  }
  return parts;
}
