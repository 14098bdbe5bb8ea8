// The bounds of a schema: in words, and whether a value keeps them.

import { count } from "../../core/format.js";
import { toJson } from "../../core/json.js";

/**
 * Return the bounds in a few words, such as "1 to 4,096"; "" if there are none.
 * @param {object} schema
 */
export function boundsText(schema) {
  const parts = [
    numbersText(schema),
    schema.multipleOf === undefined ? "" : `a multiple of ${written(schema.multipleOf)}`,
    lengthText(schema.minLength, schema.maxLength, "character"),
    lengthText(schema.minItems, schema.maxItems, "item"),
    lengthText(schema.minProperties, schema.maxProperties, "member"),
    schema.pattern === undefined ? "" : `matching ${schema.pattern}`,
  ];
  return parts.filter(Boolean).join(", ");
}

function numbersText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  if (minimum !== undefined && maximum !== undefined) {
    return `${written(minimum)} to ${written(maximum)}`;
  }
  return [
    minimum === undefined ? "" : `at least ${written(minimum)}`,
    exclusiveMinimum === undefined ? "" : `more than ${written(exclusiveMinimum)}`,
    maximum === undefined ? "" : `at most ${written(maximum)}`,
    exclusiveMaximum === undefined ? "" : `less than ${written(exclusiveMaximum)}`,
  ]
    .filter(Boolean)
    .join(", ");
}

function lengthText(least, most, unit) {
  if (least !== undefined && least === most) {
    return `exactly ${counted(least, unit)}`;
  }
  if (least && most !== undefined) {
    return `${count(least)} to ${counted(most, unit)}`;
  }
  if (least) {
    return `at least ${counted(least, unit)}`;
  }
  return most === undefined ? "" : `at most ${counted(most, unit)}`;
}

const counted = (number, unit) => `${count(number)} ${unit}${Number(number) === 1 ? "" : "s"}`;

/** Write a bound: integers grouped, and a power of ten from 10^12 on as one. */
export function written(number) {
  const text = toJson(number);
  const power = /^(-?)10{12,}$/.test(text) ? text.replace("-", "").length - 1 : 0;
  if (power) {
    return `${text.startsWith("-") ? "−" : ""}10${superscript(power)}`;
  }
  return /^-?\d+$/.test(text) ? count(number) : text;
}

const superscript = (power) => String(power).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);

/**
 * Return what is wrong with a value in one sentence, or null. Patterns, formats and an author's own
 * rules are the service's to check.
 */
export function boundsFault(value, schema) {
  if (typeof value === "number" || typeof value === "bigint") {
    return numberFault(value, schema);
  }
  if (typeof value === "string") {
    // The service counts characters; JavaScript's length counts some of them twice.
    return lengthFault([...value].length, schema.minLength, schema.maxLength, "character");
  }
  if (Array.isArray(value)) {
    return lengthFault(value.length, schema.minItems, schema.maxItems, "item");
  }
  return null;
}

function numberFault(value, { minimum, maximum, exclusiveMinimum, exclusiveMaximum }) {
  if (minimum !== undefined && value < minimum) {
    return `Must be at least ${written(minimum)}.`;
  }
  if (maximum !== undefined && value > maximum) {
    return `Must be at most ${written(maximum)}.`;
  }
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) {
    return `Must be more than ${written(exclusiveMinimum)}.`;
  }
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) {
    return `Must be less than ${written(exclusiveMaximum)}.`;
  }
  return null;
}

function lengthFault(length, least, most, unit) {
  if (least !== undefined && length < least) {
    return `Must have at least ${counted(least, unit)}; it has ${count(length)}.`;
  }
  if (most !== undefined && length > most) {
    return `Must have at most ${counted(most, unit)}; it has ${count(length)}.`;
  }
  return null;
}
