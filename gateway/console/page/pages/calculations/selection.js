// Which rows are selected: by check boxes, a range with Shift, all of the page, or all that match.

import { useCallback, useEffect, useRef, useState } from "../../core/preact.js";

/**
 * @param {string} query selections end with the page that they were made on
 * @param {string[]} ids of the rows that are shown, in their order
 * @returns the set `ids`, whether `isAll` that match are meant, and `toggle(id, {isRange, isOn})`,
 *     `togglePage()`, `selectAll()`, `clear()`
 */
export function useSelection(query, ids) {
  const [selection, setSelection] = useState(NOTHING);
  const last = useRef(null);
  const order = useRef(ids);
  order.current = ids;

  useEffect(() => setSelection(NOTHING), [query]);

  const toggle = useCallback((id, { isRange = false, isOn } = {}) => {
    setSelection((before) => {
      const isOnNow = isOn ?? !before.ids.has(id);
      const changed = isRange ? between(order.current, last.current, id) : [id];
      last.current = id;
      const next = new Set(before.ids);
      for (const one of changed) next[isOnNow ? "add" : "delete"](one);
      return { ids: next, isAll: false };
    });
  }, []);
  const togglePage = useCallback(() => {
    setSelection((before) => {
      const isWhole = order.current.every((id) => before.ids.has(id));
      return isWhole ? NOTHING : { ids: new Set(order.current), isAll: false };
    });
  }, []);
  const selectAll = useCallback(() => {
    setSelection((before) => ({ ...before, isAll: true }));
  }, []);
  const clear = useCallback(() => setSelection(NOTHING), []);
  return { ...selection, toggle, togglePage, selectAll, clear };
}

const NOTHING = { ids: new Set(), isAll: false };

function between(order, first, last) {
  const [from, to] = [order.indexOf(first), order.indexOf(last)];
  if (from === -1 || to === -1) return [last];
  return order.slice(Math.min(from, to), Math.max(from, to) + 1);
}
