// Words as a shell and as Python read them. Characters that nobody sees, or that turn the order of
// others around, are escaped: what is copied is what was read.

import { toJson } from "../../../core/json.js";

const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;
const UNSEEN = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Return a word for a POSIX shell. Within single quotes nothing but they themselves counts. */
export function shellWord(text) {
  return PLAIN_WORD.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Return a plain value as JSON, and so as Python has it, with nothing that cannot be seen. */
function plain(value) {
  return toJson(value).replace(UNSEEN, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Return JSON on one line, with a space after each comma and colon. */
export function jsonLine(value) {
  if (Array.isArray(value)) return `[${value.map(jsonLine).join(", ")}]`;
  if (value === null || typeof value !== "object") return plain(value);
  const members = Object.entries(value).map(([name, one]) => `${plain(name)}: ${jsonLine(one)}`);
  return `{${members.join(", ")}}`;
}

/** Return a value as Python writes it. JSON's strings and numbers are Python's as well. */
export function pythonValue(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value !== "object") return plain(value);
  const members = Object.entries(value);
  return `{${members.map(([name, one]) => `${plain(name)}: ${pythonValue(one)}`).join(", ")}}`;
}

export function isIdentifier(name) {
  return IDENTIFIER.test(name);
}
