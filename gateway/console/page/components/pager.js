// From page to page of a list that is read by cursors.

import { html } from "../core/preact.js";
import { Link } from "../core/router.js";
import { Icon } from "./icon.js";

/** <${Pager} first="/" next="/?cursor=…" />; null: there is none. */
export function Pager({ first, next, label = "Pages" }) {
  if (!first && !next) return null;
  return html`<nav class="pager" aria-label=${label}>
    ${first && html`<${Link} href=${first} class="button"><${Icon} name="back" />Newest<//>`}
    ${next && html`<${Link} href=${next} class="button">Older<${Icon} name="forward" /><//>`}
  </nav>`;
}
