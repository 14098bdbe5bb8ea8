// uPlot, which only pages with charts load: a script that sets a global, and its style.

const PACKAGES = new URL("../packages/", import.meta.url).href;

// The page's policy lets no text become the URL of a script but through this.
const policy = window.trustedTypes?.createPolicy("reckoner", {
  createScriptURL(url) {
    if (!url.startsWith(PACKAGES)) throw new TypeError(`${url} is no script of the console`);
    return url;
  },
});

let loading = null;

/** Resolve to the class uPlot; reject if it cannot be loaded. */
export function loadUplot() {
  loading ??= load().catch((error) => {
    loading = null; // the next chart tries again
    throw error;
  });
  return loading;
}

async function load() {
  const style = document.createElement("link");
  style.rel = "stylesheet";
  const script = document.createElement("script");
  const url = `${PACKAGES}uplot.js`;
  const loaded = [ended(style), ended(script)];
  style.href = `${PACKAGES}uplot.css`;
  script.src = policy ? policy.createScriptURL(url) : url;
  document.head.append(style, script);
  await Promise.all(loaded);
  return window.uPlot;
}

function ended(element) {
  return new Promise((resolve, reject) => {
    element.onload = resolve;
    element.onerror = () => {
      element.remove();
      reject(new Error("The charts could not be loaded. Reload the page."));
    };
  });
}
