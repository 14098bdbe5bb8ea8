// The request that the form sends, to copy into a program.

import { CopyButton } from "../../components/copy_button.js";
import { html } from "../../core/preact.js";
import { toJson } from "../../core/json.js";

/** @param {{body: object, isComplete: boolean}} props */
export function RequestBody({ body, isComplete }) {
  const text = toJson(body, 2);
  return html`<details class="card request-body">
    <summary>Request as JSON</summary>
    <p class="muted">
      ${isComplete
        ? html`The body of <code>POST /calculations</code>. What is left out has its default.`
        : "Not complete yet: fields that are missing or wrong are left out."}
    </p>
    <pre tabindex="0" aria-label="Request as JSON">${text}</pre>
    <div><${CopyButton} text=${text} label="Copy the request">Copy<//></div>
  </details>`;
}
