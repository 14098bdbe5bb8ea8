// Why there is no result, and what to do about it.

import { Icon } from "../../components/icon.js";
import { html } from "../../core/preact.js";
import { JsonTree } from "./result/json_tree.js";
import { nameOf, remedyFor } from "./timeline/words.js";

export function Failure({ document }) {
  const { error } = document;
  const isCancelled = document.status === "cancelled";
  const by = document.cancelled_by;
  return html`<section class="note note-${isCancelled ? "warning" : "problem"}"
    aria-labelledby="failure-heading">
    <${Icon} name=${isCancelled ? "cancel" : "warning"} />
    <div>
      <h2 id="failure-heading">${error?.title ?? "There is no result"}</h2>
      ${isCancelled
        ? html`<p>${by ? `It was cancelled with the key ${by}.` : "Somebody cancelled it."}</p>`
        : html`<p class="failure-detail">${error?.detail}</p>`}
      <p>${remedyFor(error)}</p>
      ${error?.details && html`<${JsonTree} value=${error.details} />`}
      ${!isCancelled && html`<p class="muted"><code>${nameOf(error?.type)}</code></p>`}
    </div>
  </section>`;
}
