// The bar at the top: where to go, whose session it is.

import { html } from "../core/preact.js";
import { Link } from "../core/router.js";
import { useSession } from "../core/session.js";
import { prepare } from "../routes.js";
import { Icon } from "./icon.js";
import { ThemeSwitch } from "./theme_switch.js";
import { toast } from "./toast.js";

const ENTRIES = [
  ["/", "Calculations"],
  ["/console/new", "New"],
  ["/console/functions", "Functions"],
  ["/console/system", "System"],
];

/** <${Navigation} section="/console/system" /> */
export function Navigation({ section }) {
  return html`<header class="top">
    <div class="top-inner">
      <${Link} href="/" class="brand" aria-label="Reckoner, calculations"><${Logo} />Reckoner<//>
      <nav class="navigation" aria-label="Pages">
        ${ENTRIES.map(([href, text]) => html`<${Link} key=${href} href=${href}
          onPointerEnter=${() => prepare(href)} onFocus=${() => prepare(href)}
          aria-current=${href === section ? "page" : undefined}>${text}<//>`)}
      </nav>
      <div class="top-end">
        <a class="top-link" href="/docs">API</a>
        <${ThemeSwitch} />
        <${SessionMenu} />
      </div>
    </div>
  </header>`;
}

function Logo() {
  return html`<svg class="logo" viewBox="0 0 20 20" aria-hidden="true">
    <rect x="1" y="1" width="18" height="18" rx="5" />
    <path d="M6 6.5h8M6 10h8M6 13.5h4.5" />
  </svg>`;
}

function SessionMenu() {
  const { keys, key, signOut } = useSession();
  if (keys !== "on" || key === null) return null;
  const press = async () => {
    if (await signOut()) return;
    toast("You are still signed in: Reckoner does not answer. Try again in a moment.");
  };
  return html`<span class="session" title="The key of this session">
    <${Icon} name="key" /><span class="session-name">${key}</span>
    <button type="button" class="button button-quiet" onClick=${press}>Sign out</button>
  </span>`;
}
