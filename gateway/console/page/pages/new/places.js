// Where on the page each part of the arguments is edited: pointers to the ids of their fields.

import { alternativesOf, kindOf, resolve } from "./schema.js";
import { pointerTo } from "./reading.js";

/** Return the id of the field of a member or an item. */
export const innerId = (id, name) => `${id}.${encodeURIComponent(name)}`;

/**
 * Return the fields of a draft, by pointer: the outermost first.
 * @returns {Map<string, {id: string, label: string}>}
 */
export function placesOf(draft, root, id) {
  const places = new Map();
  addPlaces(places, draft, root, root, "", id, "");
  return places;
}

function addPlaces(places, draft, given, root, pointer, id, label) {
  if (pointer !== "") places.set(pointer, { id, label });
  if (draft === null || draft === undefined || typeof draft === "string" || "text" in draft) return;
  const schema = resolve(given, root);
  const add = (name, key, one, inner, text) =>
    addPlaces(places, one, inner, root, pointerTo(pointer, name), innerId(id, key), text);
  switch (kindOf(schema)) {
    case "record":
      for (const [name, one] of Object.entries(draft.members)) {
        const inner = schema.properties[name];
        if (one !== undefined) add(name, name, one, inner, label ? `${label}.${name}` : name);
      }
      return;
    case "map":
      for (const { key, name, draft: one } of draft.entries) {
        add(name, key, one, schema.additionalProperties, `${label}.${name}`);
      }
      return;
    case "list":
    case "tuple":
      draft.items.forEach(({ key, draft: one }, index) => {
        const inner = schema.prefixItems?.[index] ?? schema.items;
        add(index, key, one, inner, `${label} ${index + 1}`);
      });
      return;
    case "union": {
      const chosen = alternativesOf(schema, root)[draft.chosen];
      const inner = isInline(chosen, draft.draft) ? id : innerId(id, "value");
      addPlaces(places, draft.draft, chosen, root, pointer, inner, label);
    }
  }
}

/** Say whether the members of a union's alternative stand within the field of the union. */
export const isInline = (schema, draft) => kindOf(schema) === "record" && !("text" in draft);

/**
 * Give each fault to the innermost field that has its place. What is wrong with all arguments is
 * wrong with the only one.
 * @returns {{id: string | null, label: string, pointer: string, detail: string}[]} in the order of
 *   the fields; id is null where no field is
 */
export function placeFaults(faults, places) {
  const order = [...places.keys()];
  return faults
    .map((fault) => {
      const isOnly = fault.pointer === "" && order.length === 1;
      const at = isOnly ? order[0] : ancestors(fault.pointer).find((one) => places.has(one));
      if (at === undefined) return { ...fault, id: null, label: "", position: -1 };
      const rest = isOnly ? "" : fault.pointer.slice(at.length);
      const detail = rest === "" ? fault.detail : `At ${rest}: ${fault.detail}`;
      return { ...fault, ...places.get(at), detail, position: order.indexOf(at) };
    })
    .sort((one, other) => one.position - other.position);
}

function ancestors(pointer) {
  const found = [];
  for (let at = pointer; at !== ""; at = at.slice(0, at.lastIndexOf("/"))) found.push(at);
  return found;
}

/** Move the focus to the field with this id, or to the first control within. */
export function focusField(id) {
  const element = document.getElementById(id);
  const controls = "input, textarea, select, button";
  const control = element?.matches(controls) ? element : element?.querySelector(controls);
  control?.scrollIntoView({ block: "center" });
  control?.focus();
}
