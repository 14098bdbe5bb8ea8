// Which page is shown: the path and the query of the URL.

import { html, useEffect } from "./preact.js";
import { makeStore, useStore } from "./store.js";

const store = makeStore(current());

/** Return {path, query}; the query is a URLSearchParams. */
export function useLocation() {
  return useStore(store);
}

/**
 * Go to a URL of the console.
 * @param {string} url
 * @param {{replace?: boolean}} [options] replace: the present one is not kept in the history
 */
export function navigate(url, { replace = false } = {}) {
  const before = store.get().path;
  const isSame = new URL(url, location.href).href === location.href;
  history[replace || isSame ? "replaceState" : "pushState"](null, "", url);
  update();
  if (store.get().path !== before) window.scrollTo(0, 0);
}

/** A link to a page of the console, which needs no loading. */
export function Link({ href, children, onClick, ...others }) {
  const follow = (event) => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.defaultPrevented && !others.target;
    if (!isPlain || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(href);
  };
  return html`<a href=${href} onClick=${follow} ...${others}>${children}</a>`;
}

/** Set the title of the document while this page is shown. */
export function useTitle(text) {
  useEffect(() => {
    document.title = `${text} · Reckoner`;
  }, [text]);
}

function current() {
  const { pathname, search } = window.location;
  const path = pathname.length > 1 ? pathname.replace(/\/+$/, "") : pathname;
  return { path: path || "/", query: new URLSearchParams(search) };
}

function update() {
  const next = current();
  const { path, query } = store.get();
  // Another fragment is no other page.
  if (next.path !== path || next.query.toString() !== query.toString()) store.set(next);
}

window.addEventListener("popstate", update);
