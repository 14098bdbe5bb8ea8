// A docstring as text: paragraphs, and lines that are set apart as they are.

import { html } from "../../core/preact.js";

/** @param {{text: string}} props */
export function Prose({ text }) {
  const paragraphs = text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/^\n+|\s+$/g, ""))
    .filter(Boolean);
  return html`<div class="prose">
    ${paragraphs.map((paragraph, index) =>
      isLaidOut(paragraph)
        ? html`<pre key=${index} tabindex="0">${paragraph}</pre>`
        : html`<p key=${index}>${paragraph.split(/\s*\n\s*/).join(" ")}</p>`,
    )}
  </div>`;
}

/** Say whether the lines are a list, a table or code, which must not be joined. */
function isLaidOut(paragraph) {
  return paragraph.split("\n").some((line) => /^(\s{2,}|[-*•] |\d+\. |>>> )/.test(line));
}
