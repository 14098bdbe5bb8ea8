// A fault of one page: it says so, and leaves the others usable.

import { Component, html } from "../core/preact.js";
import { Note } from "./note.js";

/**
 * <${ErrorBoundary} key=${path} error=${error}>the page</>; with another key it begins anew. The
 * error is why the page could not even be loaded.
 */
export class ErrorBoundary extends Component {
  constructor(props) {
    super(props);
    this.state = { fault: null };
  }

  componentDidCatch(fault) {
    console.error(fault);
    this.setState({ fault });
  }

  render({ children, error }, { fault }) {
    if (fault !== null) return html`<${Fault} fault=${fault} />`;
    if (error) return html`<${NotLoaded} />`;
    return children;
  }
}

function Fault({ fault }) {
  return html`<h1>This page has a fault</h1>
    <${Note} kind="problem" role="alert">
      <p>The console could not show it. Calculations are not affected: they go on.</p>
      <p>Reload the page. If it happens again, report this text: <code>${String(fault)}</code></p>
      <${Reload} />
    <//>`;
}

function NotLoaded() {
  return html`<h1>This page could not be loaded</h1>
    <${Note} kind="problem" role="alert">
      <p>A newer version of the console may have been installed, or the connection broke off.</p>
      <p>Reload the page.</p>
      <${Reload} />
    <//>`;
}

function Reload() {
  return html`<button type="button" class="button" onClick=${() => location.reload()}>Reload</button>`;
}
