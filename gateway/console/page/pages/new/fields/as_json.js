// A field of several parts that can be edited as JSON text instead, which is quicker to paste.

import { toJson } from "../../../core/json.js";
import { html, useContext } from "../../../core/preact.js";
import { draftOfText } from "../draft.js";
import { readDraft } from "../reading.js";
import { FormContext, Group } from "./frame.js";
import { JsonField } from "./text_fields.js";

/**
 * Show `children` in a group, or its JSON where somebody has asked for that.
 * @param {{draft: object, onChange: (draft: object) => void, adding?: unknown, children: unknown}}
 *   props adding: the button that adds a part
 */
export function FieldsOrJson({ draft, onChange, adding, children, ...field }) {
  const { root } = useContext(FormContext);
  const { schema, label } = field;
  const isText = typeof draft.text === "string";
  const fields = isText ? draftOfText(draft.text, schema, root) : null;
  const toText = () => onChange({ text: jsonOf(draft, schema, root) });
  if (isText) {
    return html`<div class="value-as-json">
      <${JsonField}
        ...${field}
        schema=${{ ...schema, examples: undefined }}
        draft=${draft.text}
        onChange=${(text) => onChange({ text })}
      />
      <div class="value-actions">
        <button
          type="button"
          class="button button-quiet"
          disabled=${fields === null}
          onClick=${() => onChange(fields)}
        >
          Edit as fields<span class="visually-hidden"> (${label})</span>
        </button>
      </div>
    </div>`;
  }
  return html`<${Group} ...${field}>
    ${children}
    <div class="value-actions">
      ${adding}
      ${!field.isItem &&
      html`<button type="button" class="button button-quiet" onClick=${toText}>
        Edit as JSON<span class="visually-hidden"> (${label})</span>
      </button>`}
    </div>
  <//>`;
}

/** Return the JSON of what is filled in; what is not, is null for now. */
function jsonOf(draft, schema, root) {
  return toJson(readDraft(draft, schema, root, "", []), 2);
}
