// What can be done with the selected rows, or with all that match.

import { Icon } from "../../components/icon.js";
import { count } from "../../core/format.js";
import { html } from "../../core/preact.js";
import { useSession } from "../../core/session.js";
import {
  cancelMatching, cancelThese, countText, plural, runMatchingAgain, runTheseAgain,
} from "./cancel_and_run.js";
import { CANCELLABLE, REPEATABLE, canBeCancelled, canBeRunAgain } from "./what_can.js";

/** <${SelectionBar} selection documents filters counted jobs />; nothing without a selection. */
export function SelectionBar({ selection, documents, filters, counted, jobs }) {
  const { can } = useSession();
  if (jobs.isBusy && jobs.text) return html`<${Working} jobs=${jobs} />`;
  if (selection.ids.size === 0) return null;
  const chosen = [...selection.ids].map((id) => documents.get(id)).filter(Boolean);
  const { isAll } = selection;
  const cancellable = isAll ? mayHave(filters, CANCELLABLE) : chosen.filter(canBeCancelled).length;
  const repeatable = isAll ? mayHave(filters, REPEATABLE) : chosen.filter(canBeRunAgain).length;
  const run = (ofAll, ofThese) => async () => {
    const task = (job) => (isAll ? ofAll(filters, job) : ofThese(chosen, job));
    if (await jobs.run(task)) selection.clear();
  };
  return html`<div class="selection" role="region" aria-label="Selection">
    <p role="status"><strong>${isAll && counted ? `All ${countText(counted)}` : count(chosen.length)}</strong>
      ${" "}selected
      ${!isAll && html`<${AllThatMatch} ...${{ selection, chosen, documents, counted, filters }} />`}</p>
    <div class="row">
      <${Act} icon="cancel" text="Cancel" number=${isAll ? null : cancellable} danger
        isPossible=${cancellable > 0} scope=${can("cancel") ? null : "cancel"}
        isBusy=${jobs.isBusy} onClick=${run(cancelMatching, cancelThese)} />
      <${Act} icon="refresh" text="Run again" number=${isAll ? null : repeatable}
        isPossible=${repeatable > 0} scope=${can("submit") ? null : "submit"}
        isBusy=${jobs.isBusy} onClick=${run(runMatchingAgain, runTheseAgain)} />
      <button type="button" class="button button-quiet" onClick=${selection.clear}>
        Clear selection</button>
    </div>
  </div>`;
}

function mayHave({ status }, statuses) {
  return status === undefined || statuses.includes(status) ? 1 : 0;
}

/** Offered once the whole page is selected and there are more. By an id nothing is cancelled at once. */
function AllThatMatch({ selection, chosen, documents, counted, filters }) {
  if (filters.id || counted === null || chosen.length < documents.size) return null;
  if (counted.isExact && counted.count <= chosen.length) return null;
  return html`<button type="button" class="button button-quiet selection-all"
    onClick=${selection.selectAll}>
    Select all ${countText(counted)} ${plural(counted.count)} that match
  </button>`;
}

function Act({ icon, text, number, danger = false, isPossible, scope, isBusy, onClick }) {
  if (!isPossible) return null;
  const why = scope && `The key of this session lacks the scope “${scope}”.`;
  return html`<button type="button" class="button ${danger ? "button-danger" : ""}" title=${why}
      disabled=${isBusy || Boolean(scope)} onClick=${onClick}>
      <${Icon} name=${icon} />${text}${number !== null && ` ${count(number)}`}
    </button>
    ${why && html`<span class="muted">${why}</span>`}`;
}

function Working({ jobs }) {
  return html`<div class="selection" role="region" aria-label="Progress">
    <p role="status">${jobs.text}…</p>
    <button type="button" class="button" onClick=${jobs.stop}>Stop</button>
  </div>`;
}
