// All that is wrong with the form, with a link to each place.

import { Note } from "../../components/note.js";
import { html } from "../../core/preact.js";
import { focusField } from "./places.js";

const MOST_SHOWN = 10;

/** @param {{faults: {id: string | null, label: string, detail: string}[]}} props */
export function FaultSummary({ faults }) {
  if (faults.length === 0) return null;
  const more = faults.length - MOST_SHOWN;
  return html`<${Note} kind="problem" role="alert">
    <h2>${faults.length === 1 ? "One thing to correct" : `${faults.length} things to correct`}</h2>
    <ul class="fault-list">
      ${faults.slice(0, MOST_SHOWN).map(
        ({ id, label, detail }) => html`<li key=${`${id} ${detail}`}>
          ${id === null
            ? detail
            : html`<a href=${`#${id}`} onClick=${(event) => go(event, id)}>${label}</a>: ${detail}`}
        </li>`,
      )}
    </ul>
    ${more > 0 && html`<p>And ${more} more.</p>`}
  <//>`;
}

function go(event, id) {
  event.preventDefault();
  focusField(id);
}
