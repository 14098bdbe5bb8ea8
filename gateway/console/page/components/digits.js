// Long runs of digits, in groups that the eye can follow. Copied, they have no spaces.

import { html } from "../core/preact.js";

const GROUP = 5;

/** <${Digits} text="12345678" />; a sign before them is a group of its own. */
export function Digits({ text }) {
  const groups = text.match(new RegExp(`-|[^-]{1,${GROUP}}`, "g")) ?? [];
  return html`<span class="digits">${groups.map((group) => html`<span>${group}</span><wbr />`)}</span>`;
}
