// The status of a calculation: a word, an icon and a colour.

import { html } from "../core/preact.js";
import { Icon } from "./icon.js";

const ICONS = {
  queued: "clock",
  running: "play",
  succeeded: "check",
  failed: "cross",
  cancelled: "cancel",
};

/** <${Status} of="running" /> */
export function Status({ of }) {
  return html`<span class="status status-${of}">
    <${Icon} name=${ICONS[of] ?? "info"} />${of}
  </span>`;
}

/** Return whether a calculation with this status changes no more. */
export function isFinal(status) {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}
