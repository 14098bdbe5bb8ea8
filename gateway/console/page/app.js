// Which page is shown, and what stands around it.

import { Confirmations } from "./components/confirm.js";
import { ConnectionBanner } from "./components/connection_banner.js";
import { ErrorBoundary } from "./components/error_boundary.js";
import { KeyDialog } from "./components/key_dialog.js";
import { Navigation } from "./components/navigation.js";
import { Toasts } from "./components/toast.js";
import { html, useEffect, useRef } from "./core/preact.js";
import { useLocation } from "./core/router.js";
import { loadSession } from "./core/session.js";
import { CalculationPage } from "./pages/calculation/index.js";
import { CalculationsPage } from "./pages/calculations/index.js";
import { FunctionPage, FunctionsPage } from "./pages/functions/index.js";
import { NewPage } from "./pages/new/index.js";
import { NotFoundPage } from "./pages/not_found.js";
import { SystemPage } from "./pages/system/index.js";

/** Each has a pattern of its path, whose groups are given to the page as properties. */
const ROUTES = [
  [/^\/(console)?$/, CalculationsPage, "calculations"],
  [/^\/console\/new(?:\/(?<name>[^/]+))?$/, NewPage, "new"],
  [/^\/console\/calculations\/(?<id>[^/]+)$/, CalculationPage, "calculations"],
  [/^\/console\/functions$/, FunctionsPage, "functions"],
  [/^\/console\/functions\/(?<name>[^/]+)$/, FunctionPage, "functions"],
  [/^\/console\/system$/, SystemPage, "system"],
];

/** The whole console. */
export function App() {
  const { path } = useLocation();
  const { Page, properties, section } = find(path);
  useFocusOnHeading(path);
  useEffect(() => {
    loadSession();
  }, []);
  return html`<a class="skip-link" href="#main">Skip to the content</a>
    <${Navigation} section=${section} />
    <${ConnectionBanner} />
    <main id="main" tabindex="-1">
      <${ErrorBoundary} key=${path}><${Page} ...${properties} /><//>
    </main>
    <${Toasts} />
    <${Confirmations} />
    <${KeyDialog} />`;
}

function find(path) {
  for (const [pattern, Page, section] of ROUTES) {
    const match = pattern.exec(path);
    if (match) {
      const given = Object.entries(match.groups ?? {}).filter(([, text]) => text !== undefined);
      const properties = Object.fromEntries(given.map(([name, text]) => [name, decoded(text)]));
      return { Page, properties, section };
    }
  }
  return { Page: NotFoundPage, properties: { path }, section: null };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** After going to another page, a screen reader reads its heading, and Tab goes on from there. */
function useFocusOnHeading(path) {
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    before.current = path;
    const heading = document.querySelector("main h1") ?? document.getElementById("main");
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }, [path]);
}
