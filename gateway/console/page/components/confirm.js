// A question before something that cannot be undone.

import { html, useLayoutEffect } from "../core/preact.js";
import { useLocation } from "../core/router.js";
import { makeStore, useStore } from "../core/store.js";
import { Dialog } from "./dialog.js";

const store = makeStore(null);

/**
 * Ask; resolve to whether the answer is yes.
 * @param {{title: string, text?: any, action: string, danger?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function confirm(question) {
  end(false);
  return new Promise((resolve) => store.set({ ...question, resolve }));
}

function end(isYes) {
  store.get()?.resolve(isYes);
  store.set(null);
}

/** Where questions are asked; app.js has it once. */
export function Confirmations() {
  const question = useStore(store);
  const { path } = useLocation();
  // Whoever goes back leaves the question, too: its answer would be about another page.
  useLayoutEffect(() => () => end(false), [path]);
  if (question === null) return null;
  return html`<${Dialog} title=${question.title} onClose=${() => end(false)}>
    ${question.text && html`<p>${question.text}</p>`}
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${() => end(false)}>Back</button>
      <button type="button" class="button ${question.danger ? "button-danger" : "button-primary"}"
        onClick=${() => end(true)}>${question.action}</button>
    </div>
  <//>`;
}
