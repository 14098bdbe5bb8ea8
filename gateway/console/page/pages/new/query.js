// Arguments in the query of a URL, so that a form can be shared: `?n=1000&kind=call`.
//
// A text stands as it is unless it could be read as JSON; everything else is JSON.

import { parseJson, toJson } from "../../core/json.js";
import { draftOf, emptyDraft } from "./draft.js";
import { kindOf, resolve } from "./schema.js";

/** Browsers and proxies take longer ones, but not all of them. */
const MAX_CHARACTERS = 4000;

/** Return the path of the form of a function, filled in with these arguments. */
export function newCalculationPath(functionName, args = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    query.set(name, queryText(value));
  }
  const text = query.toString();
  const path = `/console/new/${encodeURIComponent(functionName)}`;
  return text === "" || text.length > MAX_CHARACTERS ? path : `${path}?${text}`;
}

function queryText(value) {
  if (typeof value !== "string") {
    return toJson(value);
  }
  return isJson(value) ? toJson(value) : value;
}

function isJson(text) {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}

/** Return the draft of a function's arguments that a query asks for; defaults where it does not. */
export function draftOfQuery(query, root) {
  const draft = emptyDraft(root, root);
  for (const [name, schema] of Object.entries(root.properties ?? {})) {
    const text = query.get(name);
    if (text !== null) {
      draft.members[name] = draftOfQueryText(text, resolve(schema, root), root);
    }
  }
  return draft;
}

function draftOfQueryText(text, schema, root) {
  const kind = kindOf(schema);
  if ((kind === "integer" || kind === "number") && !text.startsWith('"')) {
    return text; // 1e8 stays as somebody wrote it
  }
  const value = isJson(text) ? parseJson(text) : text;
  return kind === "string" && typeof value !== "string" ? text : draftOf(value, schema, root);
}
