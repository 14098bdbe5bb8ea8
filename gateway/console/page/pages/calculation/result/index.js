// The result, with what can be done with it.

import { CopyButton } from "../../../components/copy_button.js";
import { Icon } from "../../../components/icon.js";
import { Loading } from "../../../components/note.js";
import { ProblemNote } from "../../../components/problem.js";
import { bytes, count } from "../../../core/format.js";
import { html } from "../../../core/preact.js";
import { loadBytes } from "./bytes.js";
import { bareType, charsetOf, kindOf } from "./kinds.js";
import { DigitsView, JsonView, OtherView, PictureView, TextView } from "./views.js";

/** Longer results are downloaded, not copied. */
const MAX_COPIED_BYTES = 4 * 1024 * 1024;

const VIEWS = {
  digits: DigitsView,
  json: JsonView,
  text: TextView,
  picture: PictureView,
  other: OtherView,
};
const COPIED = new Set(["digits", "json", "text"]);

export function Result({ document, file }) {
  const { result } = document;
  const kind = kindOf(result);
  const View = VIEWS[kind];
  const isCopied = COPIED.has(kind) && result.length <= MAX_COPIED_BYTES;
  return html`<section class="card" aria-labelledby="result-heading">
    <div class="card-head">
      <div>
        <h2 id="result-heading">Result</h2>
        <p class="muted small">${sizeText(result)}</p>
      </div>
      <div class="row">
        ${isCopied &&
        html`<${CopyButton} text=${() => textOf(result)} label="Copy the result">Copy<//>`}
        <a class="button button-primary" href=${result.href} download=${file.name}
          title=${file.name}><${Icon} name="download" />Download</a>
      </div>
    </div>
    <${ProblemNote} problem=${file.problem} />
    ${result.value === null && !file.isKnown
      ? html`<${Loading} />`
      : html`<${View} document=${document} result=${result} />`}
  </section>`;
}

function sizeText(result) {
  const size = bytes(result.length);
  if (result.digits === undefined) return `${size} of ${bareType(result)}`;
  return `${count(result.digits)} ${result.digits === 1 ? "digit" : "digits"}, ${size}`;
}

/** All of it, as text. */
async function textOf(result) {
  const whole = await loadBytes(result.href);
  return new TextDecoder(charsetOf(result)).decode(whole);
}
