// What is typed into a form, before it is a value: a text for a number, items with keys for a list.
//
// integer, number, string, json   the text
// boolean, choice                 the JSON text of what is chosen, "" if nothing is
// constant, null                  null
// list, tuple                     {items: [{key, draft}]}
// record                          {members: {name: draft}}, undefined where one is left out
// map                             {entries: [{key, name, draft}]}
// union                           {chosen, draft}
// list, tuple, record or map      {text}, where it is edited as JSON

import { parseJson, setMember, toJson } from "../../core/json.js";
import { alternativesOf, constantOf, kindOf, resolve } from "./schema.js";

/** A longer value is edited as JSON text at first: hundreds of fields help nobody. */
const LONG_TEXT = 1000;
const MOST_ITEMS_AT_FIRST = 20;

/** The depth from which on a type may be one that consists of itself. */
export const WITHIN = 2;

let lastKey = 0;

/** Return a key for an item, which keeps its field when others come and go. */
export function keyed(draft, more = {}) {
  lastKey += 1;
  return { key: lastKey, draft, ...more };
}

/** Return the draft of a field that nobody has typed into: its default, or nothing. */
export function emptyDraft(given, root, depth = 0) {
  const schema = resolve(given, root);
  if ("default" in schema) {
    return draftOf(schema.default, schema, root);
  }
  switch (kindOf(schema)) {
    case "list": {
      const length = Math.min(Number(schema.minItems ?? 0), MOST_ITEMS_AT_FIRST);
      const item = () => keyed(emptyDraft(schema.items, root, depth + 1));
      return { items: Array.from({ length }, item) };
    }
    case "tuple":
      return { items: schema.prefixItems.map((one) => keyed(emptyDraft(one, root, depth + 1))) };
    case "record":
      return { members: emptyMembers(schema, root, depth + 1) };
    case "map":
      return { entries: [] };
    case "union": {
      const alternatives = alternativesOf(schema, root);
      const chosen = firstChoice(alternatives, depth);
      return { chosen, draft: emptyDraft(alternatives[chosen], root, depth + 1) };
    }
    case "boolean":
      return "false";
    case "constant":
    case "null":
      return null;
    default:
      return "";
  }
}

/** Further in, a type that consists of itself would never end: what is no object is preferred. */
function firstChoice(alternatives, depth) {
  return depth < WITHIN ? 0 : Math.max(0, alternatives.findIndex((one) => kindOf(one) !== "record"));
}

function emptyMembers(schema, root, depth = 1) {
  const required = new Set(schema.required ?? []);
  const members = {};
  for (const [name, member] of Object.entries(schema.properties)) {
    const hasDraft = required.has(name) || "default" in resolve(member, root);
    setMember(members, name, hasDraft ? emptyDraft(member, root, depth) : undefined);
  }
  return members;
}

/** Return the draft that stands for a value, also for one that the schema does not allow. */
export function draftOf(value, given, root) {
  const schema = resolve(given, root);
  const kind = kindOf(schema);
  switch (kind) {
    case "integer":
    case "number":
      return typeof value === "string" ? value : toJson(value);
    case "string":
      return typeof value === "string" ? value : toJson(value);
    case "boolean":
      return value === true ? "true" : "false";
    case "choice":
      return fits(value, schema, root) ? toJson(value) : "";
    case "constant":
    case "null":
      return null;
    case "union": {
      const alternatives = alternativesOf(schema, root);
      const chosen = Math.max(0, alternatives.findIndex((one) => fits(value, one, root)));
      return { chosen, draft: draftOf(value, alternatives[chosen], root) };
    }
    case "json":
      return toJson(value, 2);
    default:
      return fits(value, schema, root) && toJson(value).length <= LONG_TEXT
        ? partsOf(value, schema, kind, root)
        : { text: toJson(value, 2) };
  }
}

function partsOf(value, schema, kind, root) {
  switch (kind) {
    case "list":
      return { items: value.map((one) => keyed(draftOf(one, schema.items, root))) };
    case "tuple":
      return {
        items: schema.prefixItems.map((one, index) => keyed(draftOf(value[index], one, root))),
      };
    case "map":
      return {
        entries: Object.entries(value).map(([name, one]) =>
          keyed(draftOf(one, schema.additionalProperties, root), { name }),
        ),
      };
    default: {
      const members = emptyMembers(schema, root);
      for (const [name, one] of Object.entries(value)) {
        setMember(members, name, draftOf(one, schema.properties[name], root));
      }
      return { members };
    }
  }
}

/** Say whether a value is of the type of a schema: enough to choose among alternatives. */
export function fits(value, given, root) {
  const schema = resolve(given, root);
  switch (kindOf(schema)) {
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value);
    case "number":
      return typeof value === "number" || typeof value === "bigint";
    case "string":
    case "boolean":
      return typeof value === schema.type;
    case "null":
      return value === null;
    case "constant":
      return toJson(value) === toJson(constantOf(schema));
    case "choice":
      return schema.enum.some((one) => toJson(one) === toJson(value));
    case "union":
      return alternativesOf(schema, root).some((one) => fits(value, one, root));
    case "list":
      return Array.isArray(value) && value.every((one) => fits(one, schema.items, root));
    case "tuple":
      return Array.isArray(value) && value.length === schema.prefixItems.length;
    case "record":
      return isObject(value) && fitsRecord(value, schema, root);
    case "map":
      return isObject(value);
    default:
      return true;
  }
}

function fitsRecord(value, schema, root) {
  return (
    (schema.required ?? []).every((name) => Object.hasOwn(value, name)) &&
    Object.entries(value).every(
      ([name, one]) =>
        Object.hasOwn(schema.properties, name) && fits(one, schema.properties[name], root),
    )
  );
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/**
 * Return the draft of a value that a person wrote as JSON, as fields again where it fits.
 * @returns {object | null} null if the text is not JSON of this type
 */
export function draftOfText(text, schema, root) {
  try {
    const value = parseJson(text);
    const kind = kindOf(schema);
    return fits(value, schema, root) ? partsOf(value, schema, kind, root) : null;
  } catch {
    return null;
  }
}
