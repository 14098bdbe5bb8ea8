// Fields into which text is typed: integers, numbers, texts, and JSON.

import { count } from "../../../core/format.js";
import { toJson } from "../../../core/json.js";
import { html } from "../../../core/preact.js";
import { draftOf } from "../draft.js";
import { parseInteger, parseNumber } from "../numbers.js";
import { FORMATS } from "../schema.js";
import { Frame } from "./frame.js";

/** Longer ones are counted: nobody reads their digits. */
const SHOWN_DIGITS = 80;
const LONG_LINE = 200;

/** An integer, exact at any size: a text, since a number input would round it. */
export function IntegerField({ draft, onChange, ...field }) {
  return html`<${Line}
    ...${field}
    draft=${draft}
    onChange=${onChange}
    note=${integerNote(draft)}
    input=${{ inputmode: keyboardFor(field.schema, "numeric"), class: "input number-input" }}
  />`;
}

export function NumberField({ draft, onChange, ...field }) {
  return html`<${Line}
    ...${field}
    draft=${draft}
    onChange=${onChange}
    note=${numberNote(draft)}
    input=${{ inputmode: keyboardFor(field.schema, "decimal"), class: "input number-input" }}
  />`;
}

/** A phone's keyboard of digits has no minus. */
function keyboardFor({ minimum, exclusiveMinimum }, digits) {
  return (minimum ?? exclusiveMinimum ?? -1) >= 0 ? digits : "text";
}

export function StringField({ draft, onChange, ...field }) {
  const { schema } = field;
  const isLine =
    (schema.format !== undefined || schema.pattern !== undefined || isShort(schema)) &&
    !draft.includes("\n");
  if (isLine) {
    const placeholder = FORMATS[schema.format]?.example;
    const input = { class: "input", placeholder };
    return html`<${Line} ...${field} draft=${draft} onChange=${onChange} input=${input} />`;
  }
  return html`<${Area} ...${field} draft=${draft} onChange=${onChange} class="input" />`;
}

/** Any JSON, where a schema says too little for a form. */
export function JsonField({ draft, onChange, ...field }) {
  return html`<${Area}
    ...${field}
    draft=${draft}
    onChange=${onChange}
    class="input mono"
    least=${3}
    placeholder=${'JSON, such as {"a": [1, 2]}'}
  />`;
}

function Line({ draft, onChange, input, note, ...field }) {
  return html`<${Frame}
    ...${field}
    note=${note}
    examples=${examplesOf(field, onChange)}
    control=${(described) => html`<input
      type="text"
      autocomplete="off"
      autocapitalize="off"
      spellcheck=${false}
      ...${input}
      ...${described}
      value=${draft}
      onInput=${(event) => onChange(event.currentTarget.value)}
    />`}
  />`;
}

function Area({ draft, onChange, placeholder, least = 1, class: name, ...field }) {
  return html`<${Frame}
    ...${field}
    examples=${examplesOf(field, onChange)}
    control=${(described) => html`<textarea
      class=${name}
      rows=${Math.min(12, Math.max(least, draft.split("\n").length))}
      spellcheck=${false}
      placeholder=${placeholder}
      ...${described}
      value=${draft}
      onInput=${(event) => onChange(event.currentTarget.value)}
    ></textarea>`}
  />`;
}

/** The examples of one argument, each of which fills it in. */
function examplesOf({ schema, label }, onChange) {
  if (!Array.isArray(schema.examples) || schema.examples.length === 0) return null;
  return html`<p class="value-examples">
    <span>Examples:</span>
    ${schema.examples.slice(0, 8).map((one) => {
      const text = typeof one === "string" ? one : toJson(one);
      return html`<button
        type="button"
        class="chip"
        key=${text}
        aria-label=${`Set ${label} to ${text}`}
        onClick=${() => onChange(draftOf(one, schema, {}))}
      >
        ${text}
      </button>`;
    })}
  </p>`;
}

const isShort = (schema) => schema.maxLength !== undefined && schema.maxLength <= LONG_LINE;

/** Say what a text became, where that is not plain to see. */
function integerNote(text) {
  const { value } = parseInteger(text);
  if (value === undefined) return null;
  const digits = String(value);
  if (digits === text.trim() && digits.length < 5) return null;
  const length = digits.replace("-", "").length;
  if (length > SHOWN_DIGITS) return `= an integer of ${count(length)} digits`;
  return length >= 10 ? `= ${count(value)} (${length} digits)` : `= ${count(value)}`;
}

function numberNote(text) {
  const { value } = parseNumber(text);
  if (value === undefined || toJson(value) === text.trim()) return null;
  const isInteger = typeof value === "bigint" || Number.isSafeInteger(value);
  return `= ${isInteger ? count(value) : toJson(value)}`;
}
