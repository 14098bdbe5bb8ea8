// Submits a calculation.

import { html } from "../../core/preact.js";
import { useTitle } from "../../core/router.js";

/** The page. */
export function NewPage() {
  useTitle("New calculation");
  return html`<h1>New calculation</h1>`;
}
