// Light or dark: the system's scheme, or the one that was chosen. first_paint.js sets it at start.

import { makeStore, useStore } from "./store.js";

const NAME = "reckoner.theme";
const store = makeStore(document.documentElement.dataset.theme ?? "system");

/** Return ["system" | "light" | "dark", a function that chooses]. */
export function useTheme() {
  return [useStore(store), choose];
}

function choose(theme) {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(NAME);
    else localStorage.setItem(NAME, theme);
  } catch {
    // No storage: it holds until the page is left.
  }
  store.set(theme);
}
