// The start: the page takes the place of what page.html shows until now.

import { App } from "./app.js";
import { html, render } from "./core/preact.js";

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
try {
  sessionStorage.removeItem("reckoner.starts");
} catch {
  // No storage: first_paint.js has counted nothing.
}
