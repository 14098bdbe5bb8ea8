// Short messages that go away by themselves, and are read aloud.

import { html } from "../core/preact.js";
import { makeStore, useStore } from "../core/store.js";

const SHOWN_MILLISECONDS = 4000;
const MAX_SHOWN = 3;

const store = makeStore([]);
let last = 0;

/** Show a text for some seconds. */
export function toast(text) {
  const one = { id: ++last, text };
  store.set([...store.get(), one].slice(-MAX_SHOWN));
  setTimeout(() => store.set(store.get().filter((other) => other !== one)), SHOWN_MILLISECONDS);
}

/** Where they are shown; app.js has it once. */
export function Toasts() {
  const toasts = useStore(store);
  return html`<div class="toasts" role="status" aria-live="polite">
    ${toasts.map(({ id, text }) => html`<p class="toast" key=${id}>${text}</p>`)}
  </div>`;
}
