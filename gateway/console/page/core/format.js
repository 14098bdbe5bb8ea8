// Numbers as people read them.

import { toJson } from "./json.js";

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"];
const GROUPS = new Intl.NumberFormat("en-GB");
const NOTHING = "–";

/** 1536 → "1.5 KiB" */
export function bytes(number) {
  if (number === null || number === undefined) return NOTHING;
  let amount = Number(number);
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  if (unit === 0) return `${amount} ${amount === 1 ? "byte" : "bytes"}`;
  return `${amount.toPrecision(amount >= 1000 ? 4 : 3)} ${UNITS[unit]}`;
}

/** 0.0042 → "4.2 ms", 75 → "1 min 15 s" */
export function seconds(number) {
  if (number === null || number === undefined) return NOTHING;
  if (number < 0.001) return number === 0 ? "0 s" : `${Math.ceil(number * 1e6)} µs`;
  if (number < 1) return `${Number((number * 1000).toPrecision(number < 0.1 ? 2 : 3))} ms`;
  if (number < 60) return `${Number(number.toPrecision(3))} s`;
  const whole = Math.round(number);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole < 86400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
  return `${Math.floor(whole / 86400)} d ${Math.floor((whole % 86400) / 3600)} h`;
}

/** 1234567 → "1,234,567", BigInts too */
export function count(number) {
  return number === null || number === undefined ? NOTHING : GROUPS.format(number);
}

/** 0.4251 → "42.5 %" */
export function percent(part) {
  if (part === null || part === undefined) return NOTHING;
  const amount = part * 100;
  return `${amount >= 10 || amount === 0 ? Math.floor(amount) : Number(amount.toFixed(1))} %`;
}

/** The first 8 characters of an id, which find it in the list. */
export function shortId(id) {
  return id.slice(0, 8);
}

/** {"n": 5, "text": "a"} → `n = 5, text = "a"`, cut after so many characters. */
export function argumentsText(object, maxChars = 80) {
  const text = Object.entries(object)
    .map(([name, value]) => `${name} = ${toJson(value)}`)
    .join(", ");
  return text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text;
}
