// The rows that are shown. While somebody points at them, or is in them by keyboard, none is added
// above and none leaves: nobody hits another row than the one they aimed at.

import { useEffect, useReducer, useRef } from "../../core/preact.js";

/**
 * Return what is shown of a page: `documents` by id, `ids` in their order, `left` with the ids of
 * those that have left the page, `isFresh(id)` for those that came while it was shown, `waiting`
 * (how many are kept back) and `release` (show them).
 * @param {object | null} page from useList
 * @param {() => boolean} isHeld whether rows are to stay where they are
 */
export function useHeld(page, isHeld) {
  const shown = useRef(null);
  const [, render] = useReducer((count) => count + 1, 0);
  if (page !== null && page !== shown.current?.page) {
    shown.current = isHeld() ? keep(shown.current, page) : show(shown.current, page);
  }
  const { waiting = 0 } = shown.current ?? {};

  // Nothing tells when a hand leaves the table by scrolling.
  useEffect(() => {
    if (waiting === 0 && !shown.current?.left.size) return undefined;
    const timer = setInterval(() => {
      if (!isHeld()) release();
    }, 500);
    return () => clearInterval(timer);
  }, [waiting, shown.current?.left.size]);

  const release = () => {
    shown.current = show(shown.current, shown.current.page);
    render();
  };
  return { ...shown.current, release };
}

const NONE = new Set();

function show(before, page) {
  const isSame = before?.page.query === page.query;
  const first = isSame ? before.first : new Set(page.ids);
  return {
    page,
    first,
    documents: page.documents,
    ids: page.ids,
    left: NONE,
    waiting: 0,
    isFresh: (id) => !first.has(id),
  };
}

function keep(before, page) {
  if (before?.page.query !== page.query) return show(before, page);
  const known = new Set(before.ids);
  const latest = (id) => page.documents.get(id) ?? before.documents.get(id);
  return {
    ...before,
    page,
    documents: new Map(before.ids.map((id) => [id, latest(id)])),
    left: new Set(before.ids.filter((id) => !page.documents.has(id))),
    waiting: page.ids.filter((id) => !known.has(id)).length,
  };
}
