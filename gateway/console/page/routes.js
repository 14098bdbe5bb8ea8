// The pages, by the paths that they have. Each is loaded when it is shown, or about to be.

import { whenUp } from "./core/connection.js";
import { useEffect, useState } from "./core/preact.js";
import { NotFoundPage } from "./pages/not_found.js";

const calculations = () => import("./pages/calculations/index.js");
const calculation = () => import("./pages/calculation/index.js");
const create = () => import("./pages/new/index.js");
const functions = () => import("./pages/functions/index.js");
const system = () => import("./pages/system/index.js");

/**
 * The pattern of a path, whose groups are given to the page as properties; the module, and the name
 * of the page in it; where the navigation says that one is.
 */
const ROUTES = [
  [/^\/(?:console)?$/, calculations, "CalculationsPage", "/"],
  [/^\/console\/new(?:\/(?<name>[^/]+))?$/, create, "NewPage", "/console/new"],
  [/^\/console\/calculations\/(?<id>[^/]+)$/, calculation, "CalculationPage", "/"],
  [/^\/console\/functions$/, functions, "FunctionsPage", "/console/functions"],
  [/^\/console\/functions\/(?<name>[^/]+)$/, functions, "FunctionPage", "/console/functions"],
  [/^\/console\/system$/, system, "SystemPage", "/console/system"],
];

/** Return {load, name, properties, section} of a path. */
export function find(path) {
  for (const [pattern, load, name, section] of ROUTES) {
    const match = pattern.exec(path);
    if (match) return { load, name, properties: propertiesOf(match.groups ?? {}), section };
  }
  return { load: null, name: null, properties: { path }, section: null };
}

/** Begin to load the page of a path that is likely to be shown next. */
export function prepare(path) {
  find(path).load?.().catch(() => {}); // it is tried again when it is shown
}

/** Return {Page, error}; the page is null while it is loaded. */
export function usePage({ load, name }) {
  const [loaded, setLoaded] = useState({ name: undefined });
  useEffect(() => {
    let isWanted = true;
    const note = (result) => isWanted && setLoaded({ name, ...result });
    if (load === null) note({ Page: NotFoundPage });
    else {
      whenUp()
        .then(load)
        .then((module) => note({ Page: module[name] }))
        .catch((error) => note({ error }));
    }
    return () => {
      isWanted = false;
    };
  }, [load, name]);
  if (loaded.name !== name) return { Page: null, error: null };
  return { Page: loaded.Page ?? null, error: loaded.error ?? null };
}

function propertiesOf(groups) {
  const given = Object.entries(groups).filter(([, text]) => text !== undefined);
  return Object.fromEntries(given.map(([name, text]) => [name, decoded(text)]));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
