// A value of one of several types: which one is chosen first.

import { html, useContext } from "../../../core/preact.js";
import { draftOf, emptyDraft } from "../draft.js";
import { innerId, isInline } from "../places.js";
import { alternativeName, alternativesOf, kindOf } from "../schema.js";
import { Radios } from "./choice_fields.js";
import { FormContext, Group } from "./frame.js";
import { Members } from "./object_fields.js";
import { ValueField } from "./value_field.js";

/** Alternatives that need no field, as choosing them says all. */
const SILENT = new Set(["null", "constant"]);

export function UnionField({ draft, onChange, ...field }) {
  const { root } = useContext(FormContext);
  const { schema, id, label } = field;
  const alternatives = alternativesOf(schema, root);
  const chosen = alternatives[draft.chosen];
  const choices = alternatives.map((one, index) => ({
    value: String(index),
    text: kindOf(one) === "null" ? "none (null)" : alternativeName(one, root),
  }));
  const choose = (text) => {
    const index = Number(text);
    onChange({ chosen: index, draft: draftFor(alternatives[index], draft, schema, root) });
  };
  return html`<${Group} ...${field}>
    <${Radios} name=${id} choices=${choices} chosen=${String(draft.chosen)} onChange=${choose} />
    ${isInline(chosen, draft.draft) &&
    html`<${Members}
      key=${draft.chosen}
      schema=${chosen}
      draft=${draft.draft}
      onChange=${(one) => onChange({ chosen: draft.chosen, draft: one })}
      id=${id}
    />`}
    ${!isInline(chosen, draft.draft) &&
    !SILENT.has(kindOf(chosen)) &&
    html`<${ValueField}
      key=${draft.chosen}
      schema=${{ ...chosen, description: distinct(chosen.description, schema.description) }}
      draft=${draft.draft}
      onChange=${(one) => onChange({ chosen: draft.chosen, draft: one })}
      id=${innerId(id, "value")}
      label=${label}
      isItem
    />`}
  <//>`;
}

/** Keep a text that was typed for another type: whoever corrects the type corrects that alone. */
function draftFor(alternative, draft, schema, root) {
  const isText = TYPED.has(kindOf(alternative)) && typeof draft.draft === "string";
  if (isText && draft.draft !== "") return draftOf(draft.draft, alternative, root);
  return emptyDraft(alternative, root);
}

const TYPED = new Set(["integer", "number", "string"]);

const distinct = (text, other) => (text === other ? undefined : text);

/** An argument that can only be null. */
export function NullField({ id, label }) {
  return html`<p class="value-constant" id=${id}>
    <span class="value-name">${label}</span> is always <code>null</code>
  </p>`;
}
