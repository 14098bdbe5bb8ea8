// The service's clock, which may differ from the browser's: ages and times that are left are by it.

/** What the header Date, in whole seconds, and the way of an answer can make of a difference. */
const LEAST_MILLISECONDS = 3000;

let offset = 0;

/** Return the present by the service's clock, in milliseconds. */
export function serviceNow() {
  return Date.now() + offset;
}

/** Learn the difference from an answer, unless the browser may have kept it for long. */
export function noteClock({ headers }) {
  const date = Date.parse(headers.get("Date") ?? "");
  if (Number.isNaN(date) || headers.get("Cache-Control")?.includes("max-age")) return;
  const found = date - Date.now();
  if (Math.abs(found - offset) >= LEAST_MILLISECONDS) offset = found;
}
