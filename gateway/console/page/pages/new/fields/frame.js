// What stands around the control of a field: label, description, bounds and faults, all of which
// the control is described by.

import { Icon } from "../../../components/icon.js";
import { createContext, html, useContext } from "../../../core/preact.js";
import { toJson } from "../../../core/json.js";
import { boundsText, written } from "../bounds.js";
import { FORMATS, kindOf, typeName } from "../schema.js";

/**
 * What all fields of a form share.
 *
 * root: the schema of all arguments, which references are relative to.
 * faultsOf(id): the sentences that stand beside a field.
 * acceptedMaxima: by id, the largest that this server's memory allows, where it is known.
 */
export const FormContext = createContext({
  root: {},
  faultsOf: () => [],
  acceptedMaxima: {},
});

/**
 * A field with one control.
 * @param {{
 *   id: string, label: string, schema: object, isRequired?: boolean, isItem?: boolean,
 *   note?: unknown, examples?: unknown, control: (props: object) => unknown,
 * }} props isItem: one of a list, whose description stands above the list
 */
export function Frame({ id, label, schema, isRequired, isItem, note, examples, control }) {
  const { faultsOf, root, acceptedMaxima } = useContext(FormContext);
  const faults = faultsOf(id);
  const hint = isItem ? "" : hintText(schema, acceptedMaxima[id]);
  const description = isItem ? undefined : schema.description;
  const parts = [
    description && `${id}-about`,
    hint && `${id}-hint`,
    note && `${id}-note`,
    faults.length > 0 && `${id}-fault`,
  ].filter(Boolean);
  return html`
    <div class=${`field value-field ${faults.length > 0 ? "field-wrong" : ""}`}>
      <div class=${isItem ? "visually-hidden" : "value-label"}>
        <label for=${id}>${label}</label>
        <${Marks} type=${typeName(schema, root)} isRequired=${isRequired} />
      </div>
      ${description && html`<p class="field-about" id=${`${id}-about`}>${description}</p>`}
      ${control({
        id,
        "aria-describedby": parts.join(" ") || undefined,
        "aria-invalid": faults.length > 0 ? "true" : undefined,
        "aria-required": isRequired ? "true" : undefined,
      })}
      ${(hint || note) &&
      html`<p class="field-hint value-notes">
        ${hint && html`<span id=${`${id}-hint`}>${hint}</span>`}
        ${note && html`<span class="value-became" id=${`${id}-note`}>${note}</span>`}
      </p>`}
      ${examples}
      <${Faults} id=${id} faults=${faults} />
    </div>
  `;
}

/**
 * A field of several controls.
 * @param {{
 *   id: string, label: string, schema: object, isRequired?: boolean, isItem?: boolean,
 *   children: unknown,
 * }} props
 */
export function Group({ id, label, schema, isRequired, children }) {
  const { faultsOf, root } = useContext(FormContext);
  const faults = faultsOf(id);
  const hint = hintText(schema);
  const parts = [schema.description && `${id}-about`, hint && `${id}-hint`];
  if (faults.length > 0) parts.push(`${id}-fault`);
  return html`
    <fieldset
      class="value-group"
      id=${id}
      data-invalid=${faults.length > 0 ? "true" : undefined}
      aria-describedby=${parts.filter(Boolean).join(" ") || undefined}
    >
      <legend>
        <span class="value-label">
          <span class="value-name">${label}</span>
          <${Marks} type=${typeName(schema, root)} isRequired=${isRequired} />
        </span>
      </legend>
      ${schema.description &&
      html`<p class="field-about" id=${`${id}-about`}>${schema.description}</p>`}
      ${hint && html`<p class="field-hint value-notes" id=${`${id}-hint`}>${hint}</p>`}
      ${children}
      <${Faults} id=${id} faults=${faults} />
    </fieldset>
  `;
}

function Marks({ type, isRequired }) {
  return html`
    <span class="value-type">${type}</span>
    ${isRequired === true && html`<span class="value-required">required</span>`}
    ${isRequired === false && html`<span class="value-optional">optional</span>`}
  `;
}

function Faults({ id, faults }) {
  if (faults.length === 0) return null;
  return html`<div id=${`${id}-fault`}>
    ${faults.map(
      (fault) => html`<p class="field-error" key=${fault}><${Icon} name="warning" />${fault}</p>`,
    )}
  </div>`;
}

function hintText(schema, acceptedMaximum) {
  const bounds = boundsText(schema);
  const example = FORMATS[schema.format]?.example;
  const isLower =
    acceptedMaximum !== undefined &&
    acceptedMaximum !== null &&
    (schema.maximum === undefined || acceptedMaximum < schema.maximum);
  const parts = [
    bounds,
    example && `such as ${example}`,
    isLower && `this server’s memory allows up to ${written(acceptedMaximum)}`,
    isDefaultSaid(schema) && `default ${shortened(toJson(schema.default))}`,
  ];
  const text = parts.filter(Boolean).join(" · ");
  return text && text[0].toUpperCase() + text.slice(1);
}

/** Say whether a default is worth saying: a box that is ticked or not shows it. */
function isDefaultSaid(schema) {
  return "default" in schema && schema.default !== "" && !SHOWN_BY_CONTROL.has(kindOf(schema));
}

const SHOWN_BY_CONTROL = new Set(["boolean", "choice", "constant"]);

const shortened = (text) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
