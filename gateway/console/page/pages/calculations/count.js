// How many calculations match: asked again when the list changes, but not each second.

import { useEffect, useRef } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { queryOf } from "./filters.js";

const PAUSE_MILLISECONDS = 5000;

/**
 * Return {count, isExact}, or null while it is not known.
 * @param {object} filters
 * @param {object | null} page a change of it may change the number
 */
export function useCount(filters, page) {
  const query = queryOf(filters).toString();
  const { data, reload } = useResource(`/calculations/count${query && `?${query}`}`);
  const asked = useRef(0);
  const timer = useRef(null);

  useEffect(() => {
    asked.current = Date.now();
    return () => {
      clearTimeout(timer.current);
      timer.current = null;
    };
  }, [query]);
  useEffect(() => {
    if (page === null || timer.current !== null) return;
    const pause = Math.max(0, asked.current + PAUSE_MILLISECONDS - Date.now());
    timer.current = setTimeout(() => {
      timer.current = null;
      asked.current = Date.now();
      reload();
    }, pause);
  }, [page]);
  return data === null ? null : { count: data.count, isExact: data.is_exact };
}
