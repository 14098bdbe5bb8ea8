// JSON with integers of any size: those that a Number would round are BigInts.

const LONG_NUMBER = /\d{16}/;
const INTEGER = /^-?\d+$/;

const TOO_OLD =
  "This browser cannot read long integers exactly. Use a current version of Firefox, Chrome, " +
  "Edge or Safari.";

/**
 * Parse JSON; integers beyond ±(2^53 − 1) become BigInts.
 * @param {string} text
 */
export function parseJson(text) {
  // The reviver is slow, and most texts have no long number.
  return LONG_NUMBER.test(text) ? JSON.parse(text, exact) : JSON.parse(text);
}

function exact(_key, value, context) {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  if (context?.source === undefined) throw new Error(TOO_OLD);
  return INTEGER.test(context.source) ? BigInt(context.source) : value;
}

/**
 * Write JSON; BigInts are integers in it, with all their digits.
 * @param {unknown} value
 * @param {number} [indent] spaces for each level
 */
export function toJson(value, indent) {
  return JSON.stringify(value, raw, indent);
}

function raw(_key, value) {
  if (typeof value !== "bigint") return value;
  if (JSON.rawJSON === undefined) throw new Error(TOO_OLD);
  return JSON.rawJSON(value.toString());
}

/** Set a member of any name: a plain assignment to `__proto__` would set none. */
export function setMember(object, name, value) {
  Object.defineProperty(object, name, {
    value,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
