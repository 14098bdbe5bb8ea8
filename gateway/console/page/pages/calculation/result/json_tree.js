// A value of JSON, folded where it is long. Integers have all their digits.

import { toJson } from "../../../core/json.js";
import { html, useState } from "../../../core/preact.js";
import { count } from "../../../core/format.js";

/** So many members are shown at once; a button shows more. */
const PAGE = 100;
/** A value with no more parts than this is shown unfolded. */
const SMALL = 60;
/** A value of plain members that has so few characters stands on one line. */
const LINE = 60;
/** Of a longer text or number the beginning is shown. */
const LONG = 1000;

export function JsonTree({ value }) {
  return html`<div class="json"><${Value} value=${value} depth=${0} /></div>`;
}

function Value({ name, value, depth }) {
  const key = name === undefined ? null : html`<span class="json-key">${name}</span>: `;
  if (value === null || typeof value !== "object") {
    return html`<div class="json-line">${key}<${Plain} value=${value} /></div>`;
  }
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (isLine(value)) return html`<div class="json-line">${key}${open}<${Members} value=${value} />${close}</div>`;
  return html`<${Folded} key_=${key} value=${value} depth=${depth} open=${open} close=${close} />`;
}

/** A value without parts; of a very long one the beginning, until somebody wants all of it. */
function Plain({ value }) {
  const [isWhole, setWhole] = useState(false);
  const text = toJson(value);
  const isCut = !isWhole && text.length > LONG;
  return html`<span class="json-${kindOf(value)}">${isCut ? text.slice(0, LONG) : text}</span>${isCut &&
    html`… <button type="button" class="button" onClick=${() => setWhole(true)}>
      Show all ${count(text.length)} characters</button>`}`;
}

/** The members of a short value, beside each other. */
function Members({ value }) {
  const entries = Array.isArray(value) ? value.map((one) => [undefined, one]) : named(value);
  return entries.map(
    ([name, one], index) => html`${index > 0 && ", "}${name && html`<span class="json-key">${name}</span>: `}<span
      class="json-${kindOf(one)}">${toJson(one)}</span>`,
  );
}

/** Whether a value is so short, and has no others in it, that one line is enough. */
function isLine(value) {
  const members = Object.values(value);
  const isFlat = members.length <= LINE && members.every((one) => one === null || typeof one !== "object");
  return isFlat && toJson(value).length <= LINE;
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
