// A result as it is shown: digits, JSON, text, a picture, or what cannot be shown.

import { Digits } from "../../../components/digits.js";
import { Loading } from "../../../components/note.js";
import { ProblemNote } from "../../../components/problem.js";
import { bytes as bytesText, count } from "../../../core/format.js";
import { parseJson } from "../../../core/json.js";
import { html, useMemo, useState } from "../../../core/preact.js";
import { useBytes } from "./bytes.js";
import { JsonTree } from "./json_tree.js";
import { bareType, charsetOf } from "./kinds.js";

/** How much of the ends of long digits is shown. */
const END_DIGITS = 500;
/** How much text is shown, and how much JSON is folded. */
const MAX_TEXT_BYTES = 65_536;
const MAX_JSON_BYTES = 1_048_576;

export function DigitsView({ result }) {
  const { length } = result;
  const isShort = result.value !== null;
  const first = useBytes(isShort ? null : result.href, [0, Math.min(END_DIGITS, length) - 1]);
  const last = useBytes(isShort ? null : result.href, [Math.max(0, length - END_DIGITS), length - 1]);
  if (isShort) return html`<p class="result-digits"><${Digits} text=${result.value} /></p>`;
  const head = first.bytes === null ? (result.head ?? "") : decoded(first.bytes);
  const tail = last.bytes === null ? (result.tail ?? "") : decoded(last.bytes);
  const between = length - head.length - tail.length;
  return html`<p class="result-digits"><${Digits} text=${head} /></p>
    <p class="result-between"><span>${count(between)} digits more</span></p>
    <p class="result-digits"><${Digits} text=${tail} /></p>`;
}

export function TextView({ result }) {
  const range = result.length > MAX_TEXT_BYTES ? [0, MAX_TEXT_BYTES - 1] : undefined;
  const isKnown = typeof result.value === "string";
  const loaded = useBytes(isKnown || result.length === 0 ? null : result.href, range);
  if (result.length === 0) return html`<p class="muted">The result is empty.</p>`;
  if (loaded.problem) return html`<${ProblemNote} problem=${loaded.problem} />`;
  if (!isKnown && loaded.bytes === null) return html`<${Loading} />`;
  const text = isKnown ? result.value : decoded(loaded.bytes, charsetOf(result), range !== undefined);
  return html`<pre class="result-text" tabindex="0" aria-label="The result as text">${text}</pre>
    ${range &&
    html`<p class="muted">These are the first ${bytesText(MAX_TEXT_BYTES)} of ${bytesText(result.length)}.
      Download it for the whole.</p>`}`;
}

export function JsonView({ result }) {
  const isKnown = result.value !== null;
  const isTooLong = result.length > MAX_JSON_BYTES;
  const loaded = useBytes(isKnown || isTooLong ? null : result.href);
  const parsed = useMemo(() => read(loaded.bytes), [loaded.bytes]);
  if (isKnown) return html`<${JsonTree} value=${result.value} />`;
  if (isTooLong || parsed.isBroken) return html`<${TextView} result=${result} />`;
  if (loaded.problem) return html`<${ProblemNote} problem=${loaded.problem} />`;
  return loaded.bytes === null ? html`<${Loading} />` : html`<${JsonTree} value=${parsed.value} />`;
}

function read(bytes) {
  if (bytes === null) return { value: undefined, isBroken: false };
  try {
    return { value: parseJson(decoded(bytes)), isBroken: false };
  } catch {
    return { value: undefined, isBroken: true }; // an author's bytes, which only claim to be JSON
  }
}

export function PictureView({ document }) {
  const [size, setSize] = useState(null);
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return html`<p>The browser cannot show this picture. Download it.</p>`;
  const onLoad = ({ currentTarget: { naturalWidth, naturalHeight } }) =>
    setSize(naturalWidth > 0 ? `${count(naturalWidth)} × ${count(naturalHeight)} pixels` : null);
  return html`<figure class="result-picture">
    <img src=${document.result.href} alt=${`The result of ${document.function}`} onLoad=${onLoad}
      onError=${() => setBroken(true)} />
    ${size && html`<figcaption class="muted">${size}</figcaption>`}
  </figure>`;
}

export function OtherView({ result }) {
  return html`<p>A file of the type <code>${bareType(result)}</code>, of ${bytesText(result.length)}.
    It is not shown here. Download it.</p>`;
}

/** Decode bytes; with isCut a character that is cut at the end is left out. */
function decoded(bytes, charset = "utf-8", isCut = false) {
  return decoderFor(charset).decode(bytes, { stream: isCut });
}

function decoderFor(charset) {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder(); // a name that nobody knows
  }
}
