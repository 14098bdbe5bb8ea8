// Fields in which something is chosen: a box to tick, one of several values.

import { toJson } from "../../../core/json.js";
import { html, useContext } from "../../../core/preact.js";
import { constantOf } from "../schema.js";
import { FormContext, Frame, Group } from "./frame.js";

/** More choices than this are a list that opens. */
const MOST_RADIOS = 4;

export function BooleanField({ draft, onChange, ...field }) {
  return html`<${Frame}
    ...${field}
    isRequired=${undefined}
    control=${(described) => html`<span class="value-tick">
      <input
        type="checkbox"
        ...${described}
        checked=${draft === "true"}
        onChange=${(event) => onChange(String(event.currentTarget.checked))}
      />
      <span aria-hidden="true">${draft === "true" ? "true" : "false"}</span>
    </span>`}
  />`;
}

/** One of the values of an enumeration. */
export function ChoiceField({ draft, onChange, ...field }) {
  const choices = field.schema.enum.map((one) => ({ value: toJson(one), text: shown(one) }));
  if (choices.length <= MOST_RADIOS && !field.isItem) {
    return html`<${Group} ...${field}>
      <${Radios}
        name=${field.id}
        choices=${choices}
        chosen=${draft}
        onChange=${onChange}
      />
    <//>`;
  }
  return html`<${Frame}
    ...${field}
    control=${(described) => html`<select
      class="input"
      ...${described}
      value=${draft}
      onChange=${(event) => onChange(event.currentTarget.value)}
    >
      ${draft === "" && html`<option value="">Choose one…</option>`}
      ${choices.map(
        ({ value, text }) => html`<option key=${value} value=${value}>${text}</option>`,
      )}
    </select>`}
  />`;
}

/** A row of radio buttons. Its group says what they are for. */
export function Radios({ name, choices, chosen, onChange }) {
  const { faultsOf } = useContext(FormContext);
  const isInvalid = faultsOf(name).length > 0;
  return html`<div class="radios">
    ${choices.map(
      ({ value, text }) => html`<label key=${value} class="radio">
        <input
          type="radio"
          name=${name}
          value=${value}
          checked=${value === chosen}
          aria-describedby=${isInvalid ? `${name}-fault` : undefined}
          onChange=${() => onChange(value)}
        />
        <span>${text}</span>
      </label>`,
    )}
  </div>`;
}

/** What can only be one value, which is filled in. */
export function ConstantField({ id, label, schema }) {
  return html`<p class="value-constant" id=${id}>
    <span class="value-name">${label}</span> is always <code>${shown(constantOf(schema))}</code>
  </p>`;
}

const shown = (value) => (typeof value === "string" && value !== "" ? value : toJson(value));
