// What a function consists of, in words.

import { bytes, seconds } from "../../core/format.js";
import { html } from "../../core/preact.js";

const KINDS = { digits: "Digits", text: "Text", json: "JSON", bytes: "Bytes" };

const CHECKS = {
  residue: "by a residue: each result is compared with the calculation modulo a random prime",
  check: "by the author’s own check of each result",
  recomputed: "computed twice, and both results must be equal",
};

/** The kind of a result in a word, with its media type. */
export function resultText({ kind, media_type: mediaType }) {
  return `${KINDS[kind] ?? kind} (${mediaType})`;
}

/** The kind of a result in a word. */
export const kindText = ({ kind }) => KINDS[kind] ?? kind;

/** Where a function comes from. */
export const packageText = (source) => (source ? `${source.name} ${source.version}` : "unknown");

/** Facts about a function, as names and values. */
export function Facts({ described }) {
  const { lane, check, fingerprint } = described;
  return html`<dl class="facts">
    <dt>Returns</dt>
    <dd>${resultText(described.result)}</dd>
    <dt>Checked</dt>
    <dd>${CHECKS[check] ?? check ?? "not checked"}</dd>
    <dt>Lane</dt>
    <dd>${lane ?? "by its estimate; heavy where there is none"}</dd>
    <dt>Time limit</dt>
    <dd>${seconds(described.time_limit_seconds)} for a heavy calculation</dd>
    <dt>Memory limit</dt>
    <dd>${bytes(described.memory_limit_bytes)} for a heavy calculation</dd>
    <dt>Version</dt>
    <dd>${described.version}</dd>
    <dt>Package</dt>
    <dd>${packageText(described.package)}</dd>
    <dt>Fingerprint</dt>
    <dd><code>${fingerprint}</code></dd>
  </dl>`;
}
