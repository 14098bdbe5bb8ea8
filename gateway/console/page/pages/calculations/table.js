// The rows.

import { Table } from "../../components/table.js";
import { html, useCallback } from "../../core/preact.js";
import { useSession } from "../../core/session.js";
import { CalculationRow } from "./row.js";

const MISSING = "The key of this session may not do this: it lacks the scope ";

/** <${CalculationsTable} shown=${useHeld(…)} selection=${useSelection(…)} cancel runAgain /> */
export function CalculationsTable({ shown, selection, cancel, runAgain }) {
  const { can } = useSession();
  const { ids, documents, left, isFresh } = shown;
  const whyNotCancel = can("cancel") ? null : `${MISSING}“cancel”.`;
  const whyNotRun = can("submit") ? null : `${MISSING}“submit”.`;
  const chosen = ids.filter((id) => selection.ids.has(id)).length;
  const all = html`<input type="checkbox" aria-label="Select all on this page"
    checked=${chosen === ids.length} indeterminate=${chosen > 0 && chosen < ids.length}
    onChange=${selection.togglePage} />`;
  const columns = [
    { label: all, class: "calculations-check" },
    "Status",
    "Function",
    "Arguments",
    "Created",
    { label: "Duration", class: "number" },
    { label: "Size", class: "number" },
    { label: html`<span class="visually-hidden">Actions</span>`, class: "calculations-do" },
  ];
  const press = useCallback((event) => moveBetweenRows(event, selection.toggle), [selection.toggle]);
  return html`<div onKeyDown=${press}>
    <${Table} label="Calculations" columns=${columns} class="calculations-table">
      ${ids.map((id) => html`<${CalculationRow} key=${id} document=${documents.get(id)}
        isSelected=${selection.ids.has(id)} hasLeft=${left.has(id)} isFresh=${isFresh(id)}
        toggle=${selection.toggle} cancel=${cancel} runAgain=${runAgain}
        whyNotCancel=${whyNotCancel} whyNotRun=${whyNotRun} />`)}
    <//>
  </div>`;
}

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

/** Arrows lead from check box to check box; with Shift they select on the way. */
function moveBetweenRows(event, toggle) {
  const step = STEPS[event.key];
  const row = event.target.closest("tbody tr");
  if (!step || !row || event.target.type !== "checkbox") return;
  event.preventDefault();
  const other = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  if (other === null) return;
  if (event.shiftKey) {
    toggle(row.dataset.id, { isOn: true });
    toggle(other.dataset.id, { isOn: true });
  }
  other.querySelector("input[type=checkbox]").focus();
}
