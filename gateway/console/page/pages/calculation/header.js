// The heading: what is calculated, how far it is, its id, and what can be done with it.

import { CopyButton, copy } from "../../components/copy_button.js";
import { Icon } from "../../components/icon.js";
import { Status } from "../../components/status.js";
import { toast } from "../../components/toast.js";
import { toJson } from "../../core/json.js";
import { html } from "../../core/preact.js";
import { Link } from "../../core/router.js";
import { newCalculationPath } from "../new/query.js";

const MAX_CHARACTERS = 120;
const RUN_AGAIN = new Set(["failed", "cancelled"]);

export function Header({ document, actions, isPruned }) {
  return html`<header class="calculation-head">
    <div class="calculation-name">
      <h1><span class="calculation-function">${document.function}</span><span
        class="calculation-arguments">(${shortArguments(document.arguments)})</span></h1>
      <p class="row calculation-identity">
        ${actions.isCancelling
          ? html`<span class="status status-cancelled"><${Icon} name="cancel" />cancelling</span>`
          : html`<${Status} of=${document.status} />`}
        <span class="calculation-id"><code>${document.id}</code>
          <${CopyButton} text=${document.id} label="Copy the id" /></span>
      </p>
    </div>
    <${Actions} document=${document} actions=${actions} isPruned=${isPruned} />
  </header>`;
}

function Actions({ document, actions, isPruned }) {
  const isWithoutResult = isPruned || RUN_AGAIN.has(document.status);
  return html`<div class="row" role="group" aria-label="Actions">
    ${actions.canCancel &&
    html`<button type="button" class="button button-danger" onClick=${actions.cancel}
      disabled=${actions.isBusy || actions.isCancelling}>
      <${Icon} name="cancel" />${actions.isCancelling ? "Cancelling…" : "Cancel"}
    </button>`}
    ${isWithoutResult && actions.canRunAgain &&
    html`<button type="button" class="button button-primary" onClick=${actions.runAgain}
      disabled=${actions.isBusy}><${Icon} name="refresh" />Run again</button>`}
    <button type="button" class="button" onClick=${share}><${Icon} name="link" />Share</button>
    ${actions.canRunAgain &&
    html`<${Link} class="button" href=${newCalculationPath(document.function, document.arguments)}>
      <${Icon} name="plus" />New with these arguments<//>`}
  </div>`;
}

/** n = 5, text = "a": as many as fit. */
function shortArguments(given) {
  const text = Object.entries(given)
    .map(([name, value]) => `${name} = ${toJson(value)}`)
    .join(", ");
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}

/** Give the page's address to the system's own way of sharing, or copy it. */
async function share() {
  const url = window.location.href;
  if (navigator.share !== undefined) {
    try {
      await navigator.share({ url, title: window.document.title });
      return;
    } catch (error) {
      if (error.name === "AbortError") return; // thought better of it
    }
  }
  const isCopied = await copy(url);
  toast(isCopied ? "The address of this page is copied." : "Copy the address from the browser's bar.");
}
