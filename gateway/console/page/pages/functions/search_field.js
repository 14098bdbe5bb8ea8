// The field to search functions with.

import { Icon } from "../../components/icon.js";
import { html, useId } from "../../core/preact.js";

/** @param {{words: string, onChange: (words: string) => void, count: number}} props */
export function SearchField({ words, onChange, count }) {
  const id = useId();
  return html`<div class="function-search">
    <${Icon} name="search" />
    <label class="visually-hidden" for=${id}>Search the functions</label>
    <input
      class="input"
      type="search"
      id=${id}
      placeholder="Search the functions"
      autocomplete="off"
      spellcheck=${false}
      value=${words}
      onInput=${(event) => onChange(event.currentTarget.value)}
    />
    <span class="visually-hidden" role="status">
      ${words === "" ? "" : `${count} ${count === 1 ? "function matches" : "functions match"}`}
    </span>
  </div>`;
}
