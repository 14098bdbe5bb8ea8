// Before the first paint: a chosen scheme must not flash. The rest is in core/theme.js.
try {
  const chosen = localStorage.getItem("reckoner.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // No storage: the system's scheme.
}

// One file that did not come keeps the whole console from starting. The page is loaded again: after
// a second, and ever more seldom. main.js forgets the count.
addEventListener(
  "error",
  ({ target }) => {
    if (target.type !== "module") return;
    try {
      const count = Number(sessionStorage.getItem("reckoner.starts"));
      sessionStorage.setItem("reckoner.starts", count + 1);
      setTimeout(() => location.reload(), 1000 * Math.min(30, 2 ** count));
    } catch {
      // Nobody counts: it is left to whoever looks at it.
    }
  },
  true,
);
