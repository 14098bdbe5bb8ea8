// From a draft to the value that is submitted, with what is wrong beside its place.

import { parseJson, setMember, toJson } from "../../core/json.js";
import { boundsFault } from "./bounds.js";
import { parseInteger, parseNumber } from "./numbers.js";
import { alternativesOf, constantOf, kindOf, resolve } from "./schema.js";

/**
 * @typedef {{pointer: string, detail: string, isMissing?: boolean}} Fault
 *
 * Return the value of a draft, or undefined where there is none; faults are added to the list.
 * @param {Fault[]} faults
 */
export function readDraft(draft, given, root, pointer, faults) {
  const schema = resolve(given, root);
  const kind = kindOf(schema);
  const value =
    typeof draft?.text === "string"
      ? readJson(draft.text, pointer, faults)
      : READERS[kind](draft, schema, root, pointer, faults);
  const fault = value === undefined ? null : boundsFault(value, schema);
  if (fault !== null) {
    faults.push({ pointer, detail: fault });
  }
  return value;
}

/** Return the pointer to a member or an item (RFC 6901). */
export const pointerTo = (pointer, name) =>
  `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;

const READERS = {
  integer: (draft, _schema, _root, pointer, faults) =>
    readNumber(draft, parseInteger, pointer, faults),
  number: (draft, _schema, _root, pointer, faults) =>
    readNumber(draft, parseNumber, pointer, faults),
  string: (draft) => draft,
  boolean: (draft, _schema, _root, pointer, faults) => readChosen(draft, pointer, faults),
  choice: (draft, _schema, _root, pointer, faults) => readChosen(draft, pointer, faults),
  constant: (_draft, schema) => constantOf(schema),
  null: () => null,
  json: (draft, _schema, _root, pointer, faults) => readJson(draft, pointer, faults),
  list: (draft, schema, root, pointer, faults) =>
    draft.items.map((item, index) =>
      readDraft(item.draft, schema.items, root, pointerTo(pointer, index), faults),
    ),
  tuple: (draft, schema, root, pointer, faults) =>
    draft.items.map((item, index) =>
      readDraft(item.draft, schema.prefixItems[index], root, pointerTo(pointer, index), faults),
    ),
  record: readRecord,
  map: readMap,
  union: (draft, schema, root, pointer, faults) =>
    readDraft(draft.draft, alternativesOf(schema, root)[draft.chosen], root, pointer, faults),
};

function readNumber(text, parse, pointer, faults) {
  if (text.trim() === "") {
    faults.push(missing(pointer));
    return undefined;
  }
  const { value, fault } = parse(text);
  if (fault !== undefined) {
    faults.push({ pointer, detail: fault });
  }
  return value;
}

function readChosen(text, pointer, faults) {
  if (text === "") {
    faults.push({ pointer, detail: "Choose one.", isMissing: true });
    return undefined;
  }
  return parseJson(text);
}

function readJson(text, pointer, faults) {
  if (text.trim() === "") {
    faults.push(missing(pointer));
    return undefined;
  }
  try {
    const value = parseJson(text);
    if (isFiniteThroughout(value)) return value;
    faults.push({ pointer, detail: "A number in it is too large. Write a smaller one." });
  } catch (error) {
    faults.push({ pointer, detail: `This is not valid JSON: ${error.message}. Correct it.` });
  }
  return undefined;
}

/** JSON has no infinity: 1e999 would be sent as null. */
function isFiniteThroughout(value) {
  if (typeof value === "number") return Number.isFinite(value);
  const isObject = value !== null && typeof value === "object";
  return !isObject || Object.values(value).every(isFiniteThroughout);
}

function readRecord(draft, schema, root, pointer, faults) {
  const required = new Set(schema.required ?? []);
  const value = {};
  for (const [name, member] of Object.entries(schema.properties)) {
    const memberDraft = draft.members[name];
    const isOptional = !required.has(name);
    if (memberDraft === undefined || (isOptional && isEmptied(memberDraft, member, root))) {
      continue;
    }
    const found = readDraft(memberDraft, member, root, pointerTo(pointer, name), faults);
    if (found !== undefined && !(isOptional && isDefault(found, resolve(member, root)))) {
      setMember(value, name, found);
    }
  }
  return value;
}

/** Say whether somebody has emptied the field of a default, which then holds. */
function isEmptied(draft, member, root) {
  return draft === "" && kindOf(resolve(member, root)) !== "string";
}

const isDefault = (value, schema) =>
  "default" in schema && toJson(value) === toJson(schema.default);

function readMap(draft, schema, root, pointer, faults) {
  const value = {};
  for (const { name, draft: one } of draft.entries) {
    const at = pointerTo(pointer, name);
    if (Object.hasOwn(value, name)) {
      faults.push({ pointer: at, detail: `Two members are named “${name}”. Rename one.` });
    }
    setMember(value, name, readDraft(one, schema.additionalProperties, root, at, faults));
  }
  return value;
}

const missing = (pointer) => ({ pointer, detail: "Enter a value.", isMissing: true });
