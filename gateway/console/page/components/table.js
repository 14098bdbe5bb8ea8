// Tables, whose rows become cards on narrow screens. Roles are named, because a table that is drawn
// as blocks is none to some screen readers.

import { html } from "../core/preact.js";

/**
 * <${Table} label="Workers" columns=${["Name", { label: "Memory", class: "number" }]}>rows</>
 *
 * A column's label may be a node, such as a check box.
 */
export function Table({ label, columns, children, class: className = "" }) {
  return html`<table class="table ${className}" role="table" aria-label=${label}>
    <thead role="rowgroup"><tr role="row">
      ${columns.map((column) => {
        const { label: text, class: kind } = typeof column === "string" ? { label: column } : column;
        return html`<th role="columnheader" scope="col" class=${kind}>${text}</th>`;
      })}
    </tr></thead>
    <tbody role="rowgroup">${children}</tbody>
  </table>`;
}

/** A row of a table. */
export function Row({ children, ...others }) {
  return html`<tr role="row" ...${others}>${children}</tr>`;
}

/** A cell; its label is that of its column, which a card shows beside it. */
export function Cell({ label, children, class: className = "", ...others }) {
  return html`<td role="cell" data-label=${label} class=${className} ...${others}>${children}</td>`;
}
