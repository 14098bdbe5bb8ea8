// Words as a shell and as Python read them.

import { toJson } from "../../../core/json.js";

const PLAIN_WORD = /^[A-Za-z0-9_@%+=:,./-]+$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Return a word for a POSIX shell. Within single quotes nothing but they themselves counts. */
export function shellWord(text) {
  return PLAIN_WORD.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Return JSON on one line, with a space after each comma and colon. */
export function jsonLine(value) {
  if (Array.isArray(value)) return `[${value.map(jsonLine).join(", ")}]`;
  if (value === null || typeof value !== "object") return toJson(value);
  const members = Object.entries(value).map(([name, one]) => `${toJson(name)}: ${jsonLine(one)}`);
  return `{${members.join(", ")}}`;
}

/** Return a value as Python writes it. JSON's strings and numbers are Python's as well. */
export function pythonValue(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(", ")}]`;
  if (typeof value !== "object") return toJson(value);
  const members = Object.entries(value);
  return `{${members.map(([name, one]) => `${toJson(name)}: ${pythonValue(one)}`).join(", ")}}`;
}

export function isIdentifier(name) {
  return IDENTIFIER.test(name);
}
