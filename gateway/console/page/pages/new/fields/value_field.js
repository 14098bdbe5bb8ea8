// The field for a schema, whatever its kind is.

import { html, useContext } from "../../../core/preact.js";
import { kindOf, resolve } from "../schema.js";
import { BooleanField, ChoiceField, ConstantField } from "./choice_fields.js";
import { FormContext } from "./frame.js";
import { ListField, TupleField } from "./list_fields.js";
import { MapField, RecordField } from "./object_fields.js";
import { IntegerField, JsonField, NumberField, StringField } from "./text_fields.js";
import { NullField, UnionField } from "./union_field.js";

const FIELDS = {
  integer: IntegerField,
  number: NumberField,
  string: StringField,
  json: JsonField,
  boolean: BooleanField,
  choice: ChoiceField,
  constant: ConstantField,
  null: NullField,
  list: ListField,
  tuple: TupleField,
  record: RecordField,
  map: MapField,
  union: UnionField,
};

/**
 * @param {{
 *   schema: object, draft: unknown, onChange: (draft: unknown) => void, id: string, label: string,
 *   isRequired?: boolean, isItem?: boolean,
 * }} props
 */
export function ValueField({ schema: given, ...field }) {
  const { root } = useContext(FormContext);
  const schema = resolve(given, root);
  const Field = FIELDS[kindOf(schema)];
  return html`<${Field} ...${field} schema=${schema} />`;
}
