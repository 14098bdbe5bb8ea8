// What has become of it: how far it is, its result, or why there is none.

import { Note } from "../../components/note.js";
import { html } from "../../core/preact.js";
import { Failure } from "./failure.js";
import { LiveProgress } from "./live_progress.js";
import { Result } from "./result/index.js";

export function OutcomeCard({ document, file, expected, actions }) {
  switch (document.status) {
    case "queued":
    case "running":
      return html`<${LiveProgress} document=${document} expected=${expected}
        isCancelling=${actions.isCancelling} />`;
    case "succeeded":
      return file.isPruned
        ? html`<${Pruned} canRunAgain=${actions.canRunAgain} />`
        : html`<${Result} document=${document} file=${file} />`;
    default:
      return html`<${Failure} document=${document} />`;
  }
}

function Pruned({ canRunAgain }) {
  return html`<${Note}>
    <h2>The result was removed to free space</h2>
    <p>${canRunAgain
      ? "Run it again to have it computed again, with the same id."
      : "Somebody whose key may submit can run it again."}</p>
  <//>`;
}
