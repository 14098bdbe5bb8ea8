// What is installed and could not be loaded, and why.

import { Note } from "../../components/note.js";
import { html } from "../../core/preact.js";

/** @param {{problems: {package: string, entry_point: string, detail: string}[]}} props */
export function LoadProblems({ problems }) {
  if (problems.length === 0) return null;
  const are = problems.length === 1 ? "One function" : `${problems.length} functions`;
  return html`<${Note} kind="warning" role="region" aria-label="Functions that could not be loaded">
    <h2>${are} could not be loaded</h2>
    <ul class="load-problems">
      ${problems.map(
        (problem) => html`<li key=${`${problem.package} ${problem.entry_point}`}>
          <p class="row">
            <strong class="mono">${problem.entry_point}</strong>
            <span class="muted">of the package ${problem.package}</span>
          </p>
          <p>${problem.detail}</p>
        </li>`,
      )}
    </ul>
    <p class="muted">Restart the service after correcting it. All other functions are offered.</p>
  <//>`;
}
