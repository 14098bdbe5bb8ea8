// Objects: with members that the schema names, and with members of any name.

import { Icon } from "../../../components/icon.js";
import { html, useContext, useRef } from "../../../core/preact.js";
import { WITHIN, emptyDraft, keyed } from "../draft.js";
import { focusField, innerId } from "../places.js";
import { FieldsOrJson } from "./as_json.js";
import { kindOf, resolve } from "../schema.js";
import { FormContext } from "./frame.js";
import { ValueField } from "./value_field.js";

export function RecordField({ draft, onChange, ...field }) {
  return html`<${FieldsOrJson} ...${field} draft=${draft} onChange=${onChange}>
    ${draft.members &&
    html`<${Members} schema=${field.schema} draft=${draft} onChange=${onChange} id=${field.id} />`}
  <//>`;
}

/**
 * The fields of the members; the arguments of a function are such members too. One that can only
 * have one value needs no field.
 */
export function Members({ schema, draft, onChange, id }) {
  const { root } = useContext(FormContext);
  const required = new Set(schema.required ?? []);
  const change = (name, one) => onChange({ members: { ...draft.members, [name]: one } });
  const isLeftOut = ([name]) => draft.members[name] === undefined;
  const members = Object.entries(schema.properties).filter(
    ([, member]) => kindOf(resolve(member, root)) !== "constant",
  );
  return html`
    ${members
      .filter((member) => !isLeftOut(member))
      .map(
        ([name, member]) => html`<${ValueField}
          key=${name}
          schema=${member}
          draft=${draft.members[name]}
          onChange=${(one) => change(name, one)}
          id=${innerId(id, name)}
          label=${name}
          isRequired=${required.has(name)}
        />`,
      )}
    ${members.filter(isLeftOut).map(
      ([name, member]) => html`<button
        type="button"
        class="button add"
        key=${name}
        onClick=${() => {
          change(name, emptyDraft(member, root));
          requestAnimationFrame(() => focusField(innerId(id, name)));
        }}
      >
        <${Icon} name="plus" />Add ${name}<span class="value-optional">optional</span>
      </button>`,
    )}
  `;
}

export function MapField({ draft, onChange, ...field }) {
  const { root } = useContext(FormContext);
  const adding = useRef(null);
  const { schema, id, label } = field;
  const { entries } = draft;
  const change = (key, more) =>
    onChange({ entries: entries.map((one) => (one.key === key ? { ...one, ...more } : one)) });
  const add = () => {
    const entry = keyed(emptyDraft(schema.additionalProperties, root, WITHIN), { name: "" });
    onChange({ entries: [...entries, entry] });
    requestAnimationFrame(() => focusField(`${innerId(id, entry.key)}-name`));
  };
  const remove = (key) => {
    onChange({ entries: entries.filter((one) => one.key !== key) });
    adding.current?.focus();
  };
  const button = html`<button type="button" class="button add" ref=${adding} onClick=${add}>
    <${Icon} name="plus" />Add a member<span class="visually-hidden"> to ${label}</span>
  </button>`;
  return html`<${FieldsOrJson} ...${field} draft=${draft} onChange=${onChange} adding=${button}>
    ${entries &&
    html`<ol class="value-items value-entries">
        ${entries.map(
          ({ key, name, draft: one }, index) => html`<li key=${key}>
            <input
              type="text"
              class="input value-key"
              id=${`${innerId(id, key)}-name`}
              aria-label=${`Name of member ${index + 1} of ${label}`}
              placeholder="name"
              autocomplete="off"
              spellcheck=${false}
              value=${name}
              onInput=${(event) => change(key, { name: event.currentTarget.value })}
            />
            <${ValueField}
              schema=${schema.additionalProperties}
              draft=${one}
              onChange=${(next) => change(key, { draft: next })}
              id=${innerId(id, key)}
              label=${`Value of ${name || `member ${index + 1}`}`}
              isItem
            />
            <button
              type="button"
              class="button button-icon"
              aria-label=${`Remove ${name || `member ${index + 1}`} of ${label}`}
              onClick=${() => remove(key)}
            >
              <${Icon} name="close" />
            </button>
          </li>`,
        )}
      </ol>`}
  <//>`;
}
