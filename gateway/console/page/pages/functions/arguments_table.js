// The arguments of a function as a table, and its schema as it is.

import { CopyButton } from "../../components/copy_button.js";
import { Cell, Row, Table } from "../../components/table.js";
import { html } from "../../core/preact.js";
import { toJson } from "../../core/json.js";
import { boundsText } from "../new/bounds.js";
import { alternativeName, alternativesOf, kindOf, resolve, typeName } from "../new/schema.js";

/** Deeper members are in the schema. */
const MAX_DEPTH = 4;
const COLUMNS = ["Name", "Type", "Bounds", "Default", "Description"];

/** @param {{schema: object}} props */
export function ArgumentsTable({ schema }) {
  const rows = rowsOf(schema, schema, "", 0);
  return html`
    ${rows.length === 0
      ? html`<p class="muted">It takes no arguments.</p>`
      : html`<${Table} label="Arguments" columns=${COLUMNS} class="arguments-table">
          ${rows.map((row) => html`<${ArgumentRow} key=${row.name} row=${row} />`)}
        <//>`}
    <${RawSchema} schema=${schema} />
  `;
}

function ArgumentRow({ row: { name, depth, schema, type, isRequired } }) {
  return html`<${Row}>
    <${Cell} label="Name" class=${`argument-name depth-${depth}`}><code>${name}</code><//>
    <${Cell} label="Type">${type}<//>
    <${Cell} label="Bounds">${boundsOf(schema) || "–"}<//>
    <${Cell} label="Default">
      ${"default" in schema
        ? html`<code>${toJson(schema.default)}</code>`
        : isRequired
          ? "required"
          : "may be left out"}
    <//>
    <${Cell} label="Description">${schema.description ?? "–"}<//>
  <//>`;
}

function boundsOf(schema) {
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => toJson(one)).join(", ");
  if ("const" in schema) return toJson(schema.const);
  return boundsText(schema);
}

/** Return a row for each member, those of objects and lists within included. */
function rowsOf(schema, root, prefix, depth) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).flatMap(([name, given]) => {
    const member = resolve(given, root);
    const path = prefix + name;
    const row = {
      name: path,
      depth,
      schema: member,
      type: typeName(member, root),
      isRequired: required.has(name),
    };
    return [row, ...(depth < MAX_DEPTH ? innerRows(member, root, path, depth + 1) : [])];
  });
}

function innerRows(schema, root, path, depth) {
  switch (kindOf(schema)) {
    case "record":
      return rowsOf(schema, root, `${path}.`, depth);
    case "list":
      return innerRows(resolve(schema.items, root), root, `${path}[]`, depth);
    case "map":
      return innerRows(resolve(schema.additionalProperties, root), root, `${path}.*`, depth);
    case "union":
      return alternativesOf(schema, root)
        .filter((one) => kindOf(one) === "record")
        .flatMap((one) => rowsOf(one, root, `${path} (${alternativeName(one, root)}).`, depth));
    default:
      return [];
  }
}

function RawSchema({ schema }) {
  const text = toJson(schema, 2);
  return html`<details class="raw-schema">
    <summary>JSON Schema</summary>
    <pre tabindex="0" aria-label="JSON Schema of the arguments">${text}</pre>
    <div><${CopyButton} text=${text} label="Copy the schema">Copy<//></div>
  </details>`;
}
