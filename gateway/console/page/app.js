// Which page is shown, and what stands around it.

import { Confirmations } from "./components/confirm.js";
import { ConnectionBanner } from "./components/connection_banner.js";
import { ErrorBoundary } from "./components/error_boundary.js";
import { KeyDialog } from "./components/key_dialog.js";
import { Navigation } from "./components/navigation.js";
import { Loading } from "./components/note.js";
import { Toasts } from "./components/toast.js";
import { html, useEffect, useRef } from "./core/preact.js";
import { useLocation } from "./core/router.js";
import { loadSession } from "./core/session.js";
import { find, usePage } from "./routes.js";

/** The whole console. */
export function App() {
  const { path } = useLocation();
  const route = find(path);
  const { Page, error } = usePage(route);
  useFocusOnHeading(path, Page);
  useEffect(() => {
    loadSession();
  }, []);
  return html`<a class="skip-link" href="#main" onClick=${skip}>Skip to the content</a>
    <${Navigation} section=${route.section} />
    <${ConnectionBanner} />
    <main id="main" tabindex="-1">
      <${ErrorBoundary} key=${path} error=${error}>
        ${Page ? html`<${Page} ...${route.properties} />` : html`<${Loading} />`}
      <//>
    </main>
    <${Toasts} />
    <${Confirmations} />
    <${KeyDialog} />`;
}

function skip(event) {
  event.preventDefault(); // the address stays that of the page
  document.getElementById("main").focus();
}

/** After going to another page, a screen reader reads its heading, and Tab goes on from there. */
function useFocusOnHeading(path, Page) {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path || Page === null) return;
    before.current = path;
    const heading = document.querySelector("main h1") ?? document.getElementById("main");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }, [path, Page]);
}
