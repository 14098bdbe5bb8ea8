// The state of the service.

import { html } from "../../core/preact.js";
import { useTitle } from "../../core/router.js";

/** The page. */
export function SystemPage() {
  useTitle("System");
  return html`<h1>System</h1>`;
}
