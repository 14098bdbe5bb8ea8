// A path that no page has.

import { html } from "../core/preact.js";
import { Link, useTitle } from "../core/router.js";

/** Says so. */
export function NotFoundPage({ path }) {
  useTitle("No such page");
  return html`<h1>No such page</h1>
    <p>The console has no page at <code>${path}</code>. Check the address, or go
      to${" "}<${Link} href="/">the calculations<//>.</p>`;
}
