// A fault of one page: it says so, and leaves the others usable.

import { Component, html } from "../core/preact.js";
import { Icon } from "./icon.js";

/** <${ErrorBoundary} key=${path}>the page</>; with another key it begins anew. */
export class ErrorBoundary extends Component {
  constructor(props) {
    super(props);
    this.state = { error: null };
  }

  componentDidCatch(error) {
    console.error(error);
    this.setState({ error });
  }

  render({ children }, { error }) {
    if (error === null) return children;
    return html`<h1>This page has a fault</h1>
      <div class="note note-problem" role="alert">
        <${Icon} name="warning" />
        <div>
          <p>The console could not show it. Calculations are not affected: they go on.</p>
          <p>Reload the page. If it happens again, report this text: <code>${String(error)}</code></p>
          <button type="button" class="button" onClick=${() => location.reload()}>Reload</button>
        </div>
      </div>`;
  }
}
