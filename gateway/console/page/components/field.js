// A control of a form, with its label, a hint, and what is wrong with it.

import { html, useId } from "../core/preact.js";
import { Icon } from "./icon.js";

/**
 * <${Field} label="n" hint="0 to 100" error=${text}>${(props) => html`<input ...${props} />`}</>
 *
 * The child is a function: it gets id, aria-describedby and aria-invalid for its control.
 */
export function Field({ label, hint, error, required = false, children, class: className = "" }) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  const props = {
    id,
    "aria-describedby": described || undefined,
    "aria-invalid": error ? "true" : undefined,
    "aria-required": required ? "true" : undefined,
  };
  return html`<div class="field ${error ? "field-wrong" : ""} ${className}">
    <label for=${id}>${label}${required && html`<span class="field-required"> required</span>`}</label>
    ${children(props)}
    ${hint && html`<p class="field-hint" id="${id}-hint">${hint}</p>`}
    ${error && html`<p class="field-error" id="${id}-error"><${Icon} name="warning" />${error}</p>`}
  </div>`;
}
