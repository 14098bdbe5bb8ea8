// Which calculations are shown, as the URL of the page says it.

/** The parameters that select, which the list, its stream and its count take as they are. */
export const FILTERS = ["status", "function", "lane", "created_after", "created_before", "id"];

export const STATUSES = ["queued", "running", "succeeded", "failed", "cancelled"];
export const PAGE_LENGTHS = [50, 100, 500];

const FIRST_ID_CHARACTERS = 8;
const ID = /^[0-9a-f]{8}(-([0-9a-f]{0,3}|[0-9a-f]{4}(-([0-9a-f]{0,3}|[0-9a-f]{4}(-([0-9a-f]{0,3}|[0-9a-f]{4}(-[0-9a-f]{0,12})?))?))?))?$/i;

/** Return the filters of a URL's query, each a string; those that it does not have are missing. */
export function filtersOf(query) {
  return Object.fromEntries(
    FILTERS.filter((name) => query.get(name)).map((name) => [name, query.get(name)]),
  );
}

/** Return how many rows the page has at most. */
export function lengthOf(query) {
  const given = Number(query.get("limit"));
  return PAGE_LENGTHS.includes(given) ? given : PAGE_LENGTHS[0];
}

/** Return the URL of the page with these filters and a place in the list. */
export function urlOf(filters, length, cursor) {
  const query = queryOf(filters);
  if (length !== PAGE_LENGTHS[0]) query.set("limit", length);
  if (cursor) query.set("cursor", cursor);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

/** Return the query of a request for these. */
export function queryOf(filters) {
  return new URLSearchParams(FILTERS.filter((name) => filters[name])
    .map((name) => [name, filters[name]]));
}

/** Return the query of a request for a page of the list. */
export function pageQueryOf(filters, length, cursor) {
  const query = queryOf(filters);
  query.set("limit", length);
  if (cursor) query.set("cursor", cursor);
  return query.toString();
}

/** Return the cursor of the next page, from the URL that the service gives. */
export function cursorOf(next) {
  return next === null ? null : new URLSearchParams(next.split("?")[1]).get("cursor");
}

/** Return what is wrong with the beginning of an id, or null. */
export function faultOfId(text) {
  if (ID.test(text)) return null;
  if (/^[0-9a-f-]*$/i.test(text) && text.length < FIRST_ID_CHARACTERS) {
    return `At least ${FIRST_ID_CHARACTERS} characters.`;
  }
  return "Not the beginning of an id. An id looks like ffcfeb02-09f4-5c06-889e-7cd5cd61b456.";
}
