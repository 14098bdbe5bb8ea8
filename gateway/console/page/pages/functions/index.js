// The catalogue.

import { html } from "../../core/preact.js";
import { useTitle } from "../../core/router.js";

/** The page. */
export function FunctionsPage() {
  useTitle("Functions");
  return html`<h1>Functions</h1>`;
}

/** One function. */
export function FunctionPage({ name }) {
  useTitle(name);
  return html`<h1>${name}</h1>`;
}
