// A question before something that cannot be undone.

import { html } from "../core/preact.js";
import { makeStore, useStore } from "../core/store.js";
import { Dialog } from "./dialog.js";

const store = makeStore(null);

/**
 * Ask; resolve to whether the answer is yes.
 * @param {{title: string, text?: any, action: string, danger?: boolean}} question
 * @returns {Promise<boolean>}
 */
export function confirm(question) {
  store.get()?.resolve(false);
  return new Promise((resolve) => store.set({ ...question, resolve }));
}

/** Where questions are asked; app.js has it once. */
export function Confirmations() {
  const question = useStore(store);
  if (question === null) return null;
  const end = (isYes) => () => {
    store.set(null);
    question.resolve(isYes);
  };
  return html`<${Dialog} title=${question.title} onClose=${end(false)}>
    ${question.text && html`<p>${question.text}</p>`}
    <div class="dialog-actions">
      <button type="button" class="button" onClick=${end(false)}>Back</button>
      <button type="button" class="button ${question.danger ? "button-danger" : "button-primary"}"
        onClick=${end(true)}>${question.action}</button>
    </div>
  <//>`;
}
