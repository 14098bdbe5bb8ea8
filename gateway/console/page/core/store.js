// A value that several parts of the page show.

import { useEffect, useState } from "./preact.js";

/**
 * Make a store. Its value is replaced, never changed.
 * @template T
 * @param {T} value
 */
export function makeStore(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    /** Call back at each change; return what ends that. */
    listen(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Return the store's value, and render again when it changes. */
export function useStore(store) {
  const [value, setValue] = useState(store.get);
  useEffect(() => {
    setValue(() => store.get()); // it may have changed since the first rendering
    return store.listen((next) => setValue(() => next));
  }, [store]);
  return value;
}
