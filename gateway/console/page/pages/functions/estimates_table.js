// What a function costs by the size of its argument, with a bar for each time.

import { Cell, Row, Table } from "../../components/table.js";
import { bytes, count, seconds } from "../../core/format.js";
import { html } from "../../core/preact.js";
import { written } from "../new/bounds.js";

/** The shortest time that has a bar of its own length, in seconds. */
const SHORTEST = 1e-6;

/** @param {{name: string, estimates: object[]}} props name: of the argument */
export function EstimatesTable({ name, estimates }) {
  const hasDigits = estimates.some(({ digits }) => digits != null);
  const longest = Math.max(...estimates.map((one) => one.seconds));
  const columns = [
    { label: name, class: "number" },
    { label: "Time", class: "number" },
    { label: html`<span class="visually-hidden">Time as a bar</span>`, class: "bar-column" },
    { label: "Memory", class: "number" },
  ];
  if (hasDigits) columns.push({ label: "Digits", class: "number digits-column" });
  return html`
    <${Table} label="Estimates" columns=${columns} class="estimates-table">
      ${estimates.map(
        (one) => html`<${Row}
          key=${String(one[name])}
          class=${one.within_memory_limit ? "" : "beyond"}
        >
          <${Cell} label=${name} class="number">${written(one[name])}<//>
          <${Cell} label="Time" class="number">${seconds(one.seconds)}<//>
          <${Cell} class="bar-column"><${Bar} part=${share(one.seconds, longest)} /><//>
          <${Cell} label="Memory" class="number">
            ${bytes(one.bytes)}
            ${!one.within_memory_limit && html` <span class="badge">too much</span>`}
          <//>
          ${hasDigits &&
          html`<${Cell} label="Digits" class="number">${count(one.digits)}<//>`}
        <//>`,
      )}
    <//>
    <p class="muted">
      As the author estimates them.
      <span class="bar-legend"> Bars are on a logarithmic scale.</span>
    </p>
  `;
}

/** Return the length of a bar, from 0 to 1. */
function share(time, longest) {
  const most = Math.log(Math.max(longest, SHORTEST * 10) / SHORTEST);
  return Math.max(0, Math.log(Math.max(time, SHORTEST) / SHORTEST)) / most;
}

function Bar({ part }) {
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect width=${Math.max(1, 100 * part)} height="8" rx="1" />
  </svg>`;
}
