// The author's examples, each of which fills in the form.

import { count } from "../../core/format.js";
import { html } from "../../core/preact.js";
import { toJson } from "../../core/json.js";

const SHOWN_CHARACTERS = 60;

/** Return arguments in short, with integers in groups: people read them and nobody copies them. */
export function exampleText(example) {
  const text = Object.entries(example)
    .map(([name, value]) => `${name} = ${isInteger(value) ? count(value) : toJson(value)}`)
    .join(", ");
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text;
}

const isInteger = (value) => typeof value === "bigint" || Number.isSafeInteger(value);

/** @param {{examples: object[], onChoose: (example: object) => void}} props */
export function ExampleButtons({ examples = [], onChoose }) {
  if (examples.length === 0) return null;
  return html`<div class="row examples" role="group" aria-label="Examples">
    <span class="muted">Try</span>
    ${examples.map(
      (example) => html`<button
        type="button"
        class="chip"
        key=${toJson(example)}
        onClick=${() => onChoose(example)}
      >
        ${exampleText(example)}
      </button>`,
    )}
  </div>`;
}
