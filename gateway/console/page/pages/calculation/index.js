// One calculation.

import { html } from "../../core/preact.js";
import { useTitle } from "../../core/router.js";

/** The page. */
export function CalculationPage() {
  useTitle("Calculation");
  return html`<h1>Calculation</h1>`;
}
