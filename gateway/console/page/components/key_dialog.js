// Asks for a key, where keys are on.

import { html, useState } from "../core/preact.js";
import { giveKey, useSession } from "../core/session.js";
import { Dialog } from "./dialog.js";
import { Field } from "./field.js";

/** Nothing unless a request needs a key. */
export function KeyDialog() {
  const { isAsking } = useSession();
  return isAsking ? html`<${KeyForm} />` : null;
}

/** What is wrong with the key. The detail of a 401 is for programs, which send a header. */
function textOf({ status, detail }) {
  if (status !== 401) return detail;
  return "This is no valid key. Check that you have copied all of it, or ask for another one.";
}

function KeyForm() {
  const [error, setError] = useState(null);
  const [isBusy, setBusy] = useState(false);

  const submit = async (event) => {
    event.preventDefault();
    const key = new FormData(event.target).get("key").trim();
    setBusy(true);
    try {
      const problem = key === "" ? { detail: "Enter a key." } : await giveKey(key);
      setError(problem && textOf(problem));
    } catch {
      setError("Reckoner does not answer. Try again in a moment.");
    }
    setBusy(false);
  };
  return html`<${Dialog} title="Sign in with a key">
    <form onSubmit=${submit}>
      <p>This Reckoner needs a key. Its operator makes one with <code>reckoner key create</code>.</p>
      <${Field} label="Key" error=${error} hint="It begins with rk_ and is sent once. The browser keeps a session, not the key.">
        ${(props) => html`<input ...${props} name="key" type="password" class="input mono" autofocus
          autocomplete="off" spellcheck=${false} />`}
      <//>
      <div class="dialog-actions">
        <button class="button button-primary" disabled=${isBusy}>${isBusy ? "Signing in…" : "Sign in"}</button>
      </div>
    </form>
  <//>`;
}
