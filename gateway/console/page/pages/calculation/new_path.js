// The address of the form of a function, filled in with these arguments.

import { toJson } from "../../core/json.js";

export function newCalculationPath(name, given) {
  const query = new URLSearchParams(Object.entries(given).map(([one, value]) => [one, toJson(value)]));
  return `/console/new/${encodeURIComponent(name)}?${query}`;
}
