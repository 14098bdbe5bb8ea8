// What else is known: the check, the digest, and what it cost beside what was estimated.

import { CopyButton } from "../../components/copy_button.js";
import { bytes, count, seconds } from "../../core/format.js";
import { html } from "../../core/preact.js";
import { Link } from "../../core/router.js";

const CHECKS = {
  residue: "Passed: computed in another way modulo a random prime, it leaves the same residue.",
  check: "Passed: it meets the condition that the function's author gives.",
  recomputed: "Passed: two runs gave the same bytes.",
};

export function DetailsCard({ document }) {
  const { result } = document;
  return html`<section class="card" aria-labelledby="details-heading">
    <h2 id="details-heading">Details</h2>
    <dl class="facts">
      <dt>Function</dt>
      <dd><${Link} href=${`/console/functions/${encodeURIComponent(document.function)}`}>${document.function}<//>,
        version ${document.version}</dd>
      <dt>Lane</dt>
      <dd>${document.lane}</dd>
      ${document.submitted_by && html`<dt>Submitted by</dt><dd>${document.submitted_by}</dd>`}
      ${document.cancelled_by && html`<dt>Cancelled by</dt><dd>${document.cancelled_by}</dd>`}
      ${result && html`<${ResultFacts} result=${result} />`}
    </dl>
    <${Costs} document=${document} />
  </section>`;
}

function ResultFacts({ result }) {
  return html`
    <dt>Check</dt>
    <dd>${CHECKS[result.check] ?? "None: the function has no check."}</dd>
    <dt>Length</dt>
    <dd>${count(result.length)} ${result.length === 1 ? "byte" : "bytes"}</dd>
    <dt>SHA-256</dt>
    <dd class="digest"><code>${result.sha256}</code>
      <${CopyButton} text=${result.sha256} label="Copy the SHA-256" /></dd>
  `;
}

function Costs({ document }) {
  const { estimate, result } = document;
  const rows = [
    ["Time", seconds(estimate?.seconds), seconds(document.compute_seconds)],
    ["Memory", bytes(estimate?.bytes), bytes(document.peak_bytes)],
  ];
  if (estimate?.digits != null || result?.digits !== undefined) {
    rows.push(["Digits", count(estimate?.digits), count(result?.digits)]);
  }
  return html`<div class="stack stack-small">
    <table class="costs">
      <caption class="visually-hidden">What was estimated, and what it was</caption>
      <thead><tr><td></td><th scope="col">Estimated</th><th scope="col">Actual</th></tr></thead>
      <tbody>
        ${rows.map(
          ([name, estimated, actual]) => html`<tr key=${name}>
            <th scope="row">${name}</th><td>${estimated}</td><td>${actual}</td>
          </tr>`,
        )}
      </tbody>
    </table>
    <p class="muted small">${sourceText(estimate)}</p>
  </div>`;
}

function sourceText(estimate) {
  if (estimate === null) return "Nothing was known of its cost when it was submitted.";
  return estimate.source === "history"
    ? "The estimate is learnt from finished calculations."
    : "The estimate is the function's own.";
}
