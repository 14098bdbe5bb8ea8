// Numbers as people write them, such as 1e8 and 100_000. Integers are exact at any size: digits are
// moved as text and never pass through a double. The command line reads them in the same way.

/** As many digits as the service takes in a JSON integer. */
const MAX_DIGITS = 4300;
const MAX_EXPONENT_DIGITS = 9;

const INTEGER = /^([+-]?)(\d+(?:_\d+)*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;
const NUMBER = /^[+-]?(?:\d+(?:_\d+)*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const WITH_SEPARATORS = /^[+-]?\d{1,3}(?:[,' \u00a0\u202f]\d{3})+$/;

/**
 * @param {string} typed
 * @returns {{value: number | bigint} | {fault: string}} the integer, a BigInt beyond 2^53 - 1
 */
export function parseInteger(typed) {
  const text = typed.trim();
  const found = INTEGER.exec(text);
  if (found === null) {
    return { fault: notANumber(text, "a whole number, such as 100, 100_000 or 1e8") };
  }
  const [, sign, whole, fraction = "", power = "0"] = found;
  const digits = (whole.replaceAll("_", "") + fraction).replace(/^0+/, "");
  if (digits === "") {
    return { value: 0 };
  }
  const exponent = exponentOf(power) - fraction.length;
  if (digits.length + exponent > MAX_DIGITS) {
    return { fault: `This has more than ${MAX_DIGITS} digits. Write a shorter number.` };
  }
  if (exponent >= 0) {
    return { value: integerOf(sign + digits + "0".repeat(exponent)) };
  }
  // From the end: of fewer digits than the exponent, all are behind the point.
  const split = Math.max(0, digits.length + exponent);
  if (/[1-9]/.test(digits.slice(split))) {
    return { fault: "This is a fraction. Write a whole number." };
  }
  return { value: integerOf(sign + (digits.slice(0, split) || "0")) };
}

/**
 * @param {string} typed
 * @returns {{value: number | bigint} | {fault: string}} what JSON has for it
 */
export function parseNumber(typed) {
  const text = typed.trim();
  if (/^[+-]?[\d_]+$/.test(text)) {
    return parseInteger(text); // exact: the service says so if no double equals it
  }
  if (!NUMBER.test(text)) {
    return { fault: notANumber(text, "a number, such as 2, 0.5 or 1e-3") };
  }
  const value = Number(text.replaceAll("_", ""));
  return Number.isFinite(value)
    ? { value }
    : { fault: "This is too large for a number. Write a smaller one." };
}

function notANumber(text, wanted) {
  if (WITH_SEPARATORS.test(text)) {
    const plain = text.replace(/[,' \u00a0\u202f]/g, "_");
    return `Write it without separators, or with underscores: ${plain}.`;
  }
  return `This is not a number. Write ${wanted}.`;
}

function exponentOf(text) {
  const digits = text.replace(/^[+-]/, "").replace(/^0+/, "") || "0";
  const bounded = digits.length > MAX_EXPONENT_DIGITS ? "9".repeat(MAX_EXPONENT_DIGITS) : digits;
  return text.startsWith("-") ? -Number(bounded) : Number(bounded);
}

function integerOf(text) {
  const value = BigInt(text.replace(/^\+/, ""));
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}
