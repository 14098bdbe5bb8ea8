// The page of the list as it is now: through the service's stream, or as it was when that was stopped.

import { api } from "../../core/api.js";
import { useEvents } from "../../core/events.js";
import { useEffect, useState } from "../../core/preact.js";

/**
 * Follow a page of the list.
 * @param {string} query that of the request
 * @param {boolean} isLive whether the page is refreshed; if not, a new query is asked for once
 * @returns {{page: object | null, problem: Error | null, isOpen: boolean}} `page` has the query that
 *     it answers, `documents` by id, `ids` in their order, and `next`
 */
export function useList(query, isLive) {
  const [page, setPage] = useState(null);
  const [problem, setProblem] = useState(null);
  const url = isLive ? `/calculations/events?${query}` : null;
  const stream = useEvents(url, {
    onEvent: (name, data) => setPage((before) => next(before, name, data, query)),
  });

  const isNeeded = !isLive && page?.query !== query;
  useEffect(() => {
    if (!isNeeded) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    setProblem(null);
    api.get(`/calculations?${query}`, { signal }).then(
      (data) => setPage((before) => next(before, "page", data, query)),
      (error) => signal.aborted || setProblem(error),
    );
    return () => controller.abort();
  }, [query, isNeeded]);
  return { page, problem: isLive ? stream.problem : problem, isOpen: stream.isOpen };
}

function next(before, name, data, query) {
  const news = new Map(data.calculations.map((document) => [document.id, document]));
  if (name === "page") {
    return { query, documents: news, ids: [...news.keys()], next: data.next };
  }
  if (name !== "changes" || before?.query !== query) return before;
  const documents = new Map(data.ids.map((id) => [id, news.get(id) ?? before.documents.get(id)]));
  return { query, documents, ids: data.ids, next: data.next };
}
