// The arguments, exactly as the id is made of them.

import { CopyButton } from "../../components/copy_button.js";
import { toJson } from "../../core/json.js";
import { html } from "../../core/preact.js";
import { JsonTree } from "./result/json_tree.js";

export function ArgumentsCard({ document }) {
  const members = Object.entries(document.arguments);
  return html`<section class="card" aria-labelledby="arguments-heading">
    <div class="card-head">
      <h2 id="arguments-heading">Arguments</h2>
      <${CopyButton} text=${toJson(document.arguments)} label="Copy the arguments as JSON" />
    </div>
    ${members.length === 0
      ? html`<p class="muted">The function takes none.</p>`
      : html`<dl class="facts arguments">
          ${members.map(
            ([name, value]) => html`<dt key=${name}><code>${name}</code></dt>
              <dd><${JsonTree} value=${value} /></dd>`,
          )}
        </dl>`}
  </section>`;
}
