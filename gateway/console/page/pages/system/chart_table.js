// The numbers of a chart as a table, for whoever cannot see the lines, or wants to read them.

import { html, useState } from "../../core/preact.js";
import { clock } from "./series.js";

/** More rows say no more. */
const ROWS = 60;

/** The table, which is made when it is opened. */
export function ChartTable({ title, lines, times, show }) {
  const [isOpen, setOpen] = useState(false);
  const toggle = (event) => setOpen(event.currentTarget.open);
  return html`<details class="system-table" onToggle=${toggle}>
    <summary aria-label=${`${title} as a table`}>As a table</summary>
    ${isOpen && html`<${Numbers} title=${title} lines=${lines} times=${times} show=${show} />`}
  </details>`;
}

function Numbers({ title, lines, times, show }) {
  const known = times
    .map((_, place) => place)
    .filter((place) => lines.some(({ values }) => values[place] !== null))
    .reverse();
  const every = Math.ceil(known.length / ROWS);
  const places = known.filter((_, index) => index % every === 0);
  return html`<div class="system-numbers" tabindex="0" role="region" aria-label=${title}>
    <table>
      <thead><tr>
        <th scope="col">Time</th>
        ${lines.map(({ label }) => html`<th key=${label} scope="col" class="number">${label}</th>`)}
      </tr></thead>
      <tbody>
        ${places.map(
          (place) => html`<tr key=${times[place]}>
            <th scope="row">${clock(times[place])}</th>
            ${lines.map(
              ({ label, values }) =>
                html`<td key=${label} class="number">${show(values[place])}</td>`,
            )}
          </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}
