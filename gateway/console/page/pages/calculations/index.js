// All calculations, as they are now.

import { html } from "../../core/preact.js";
import { useTitle } from "../../core/router.js";

/** The page. */
export function CalculationsPage() {
  useTitle("Calculations");
  return html`<h1>Calculations</h1>`;
}
