// How many rows a page has.

import { count } from "../../core/format.js";
import { html, useId } from "../../core/preact.js";
import { navigate } from "../../core/router.js";
import { PAGE_LENGTHS, urlOf } from "./filters.js";

/** <${LengthChoice} filters=${filters} length=${50} /> */
export function LengthChoice({ filters, length }) {
  const id = useId();
  const choose = (event) => navigate(urlOf(filters, Number(event.target.value)));
  return html`<span class="row muted">
    <label for=${id}>Rows</label>
    <select id=${id} class="input calculations-length" value=${length} onChange=${choose}>
      ${PAGE_LENGTHS.map((one) => html`<option key=${one} value=${one} selected=${one === length}>
        ${count(one)}</option>`)}
    </select>
  </span>`;
}
