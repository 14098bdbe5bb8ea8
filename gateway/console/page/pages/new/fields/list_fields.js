// Lists: of any length with one kind of item, and of a fixed length.

import { Icon } from "../../../components/icon.js";
import { html, useContext, useRef } from "../../../core/preact.js";
import { WITHIN, emptyDraft, keyed } from "../draft.js";
import { focusField, innerId } from "../places.js";
import { isScalar, kindOf, resolve } from "../schema.js";
import { FieldsOrJson } from "./as_json.js";
import { FormContext } from "./frame.js";
import { ValueField } from "./value_field.js";

export function ListField({ draft, onChange, ...field }) {
  const { root } = useContext(FormContext);
  const adding = useRef(null);
  const { schema, id, label } = field;
  const { items } = draft;
  const isFull = items?.length >= (schema.maxItems ?? Infinity);
  const isRow = isScalar(kindOf(resolve(schema.items, root)));

  const change = (key, one) =>
    onChange({ items: items.map((item) => (item.key === key ? { key, draft: one } : item)) });
  const add = () => {
    const item = keyed(emptyDraft(schema.items, root, WITHIN));
    onChange({ items: [...items, item] });
    requestAnimationFrame(() => focusField(innerId(id, item.key)));
  };
  const remove = (key) => {
    onChange({ items: items.filter((item) => item.key !== key) });
    adding.current?.focus();
  };

  const button = html`<button
    type="button"
    class="button add"
    ref=${adding}
    disabled=${isFull}
    onClick=${add}
  >
    <${Icon} name="plus" />Add an item
    <span class="visually-hidden"> to ${label}</span>
  </button>`;
  return html`<${FieldsOrJson} ...${field} draft=${draft} onChange=${onChange} adding=${button}>
    ${items &&
    html`<ol class=${isRow ? "value-items value-row" : "value-items"}>
        ${items.map(
          (item, index) => html`<li key=${item.key}>
            <${ValueField}
              schema=${schema.items}
              draft=${item.draft}
              onChange=${(one) => change(item.key, one)}
              id=${innerId(id, item.key)}
              label=${`${label} ${index + 1}`}
              isItem
            />
            <button
              type="button"
              class="button button-icon"
              aria-label=${`Remove ${label} ${index + 1}`}
              onClick=${() => remove(item.key)}
            >
              <${Icon} name="close" />
            </button>
          </li>`,
        )}
      </ol>`}
  <//>`;
}

export function TupleField({ draft, onChange, ...field }) {
  const { schema, id, label } = field;
  const change = (key, one) =>
    onChange({
      items: draft.items.map((item) => (item.key === key ? { key, draft: one } : item)),
    });
  return html`<${FieldsOrJson} ...${field} draft=${draft} onChange=${onChange}>
    ${draft.items?.map(
      (item, index) => html`<${ValueField}
        key=${item.key}
        schema=${schema.prefixItems[index]}
        draft=${item.draft}
        onChange=${(one) => change(item.key, one)}
        id=${innerId(id, item.key)}
        label=${`${label} ${index + 1}`}
      />`,
    )}
  <//>`;
}
