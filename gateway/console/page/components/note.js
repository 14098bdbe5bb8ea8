// A remark that stands out: something to know, or to look after.

import { html } from "../core/preact.js";
import { Icon } from "./icon.js";

/** <${Note} kind="info">…</>; kinds: info, warning, problem. */
export function Note({ kind = "info", children, ...others }) {
  return html`<div class="note note-${kind}" ...${others}>
    <${Icon} name=${kind === "info" ? "info" : "warning"} />
    <div>${children}</div>
  </div>`;
}

/** What stands where nothing is yet, with what to do. */
export function Empty({ title, children }) {
  return html`<div class="empty">
    <p class="empty-title">${title}</p>
    ${children}
  </div>`;
}

/** What stands where something will be in a moment. */
export function Loading({ children = "Loading…" }) {
  return html`<p class="loading" role="status">${children}</p>`;
}
