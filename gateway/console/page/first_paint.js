// Before the first paint: a chosen scheme must not flash. The rest is in core/theme.js.
try {
  const chosen = localStorage.getItem("reckoner.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // No storage: the system's scheme.
}
