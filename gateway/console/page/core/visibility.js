// Whether anybody looks at the page: nothing is asked for a hidden one.

/** Return whether the page is shown. */
export function isVisible() {
  return document.visibilityState !== "hidden";
}

/** Call back when the page is hidden or shown; return what ends that. */
export function onVisibility(listener) {
  const changed = () => listener(isVisible());
  document.addEventListener("visibilitychange", changed);
  return () => document.removeEventListener("visibilitychange", changed);
}
