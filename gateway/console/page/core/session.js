// Whose key the browser has a session for, where keys are on.

import { makeStore, useStore } from "./store.js";

/** keys: "unknown", "on" or "off"; asking: why the dialog is open, or null. */
const store = makeStore({ keys: "unknown", key: null, scopes: [], asking: null });

let waiting = [];

/** Return {keys, key, scopes, can(scope), signOut, asking}; `key` is the key's name. */
export function useSession() {
  const session = useStore(store);
  return { ...session, can, signOut };
}

/** Return whether the session may do this: "read", "submit", "cancel" or "operate". */
export function can(scope) {
  const { keys, scopes } = store.get();
  return keys !== "on" || scopes.includes(scope);
}

/** Find out whether keys are on, and whose session this is. */
export async function loadSession() {
  try {
    const response = await fetch("/session", { cache: "no-store" });
    if (response.ok) note(await response.json());
    else if (response.status === 401) store.set({ ...store.get(), keys: "on" });
  } catch {
    // The connection's banner says that nothing answers; a request that needs a key asks for it.
  }
}

/** Open the dialog; resolve once there is a session, and reject if the signal is aborted. */
export function signIn(problem, signal) {
  store.set({ ...store.get(), keys: "on", asking: problem.detail });
  return new Promise((resolve, reject) => {
    waiting.push(resolve);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/** Begin a session; resolve to null, or to the problem's document. */
export async function giveKey(key) {
  const response = await fetch("/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ key }),
  });
  const document = await response.json();
  if (!response.ok) return document;
  note(document);
  const resolvers = waiting;
  waiting = [];
  for (const resolve of resolvers) resolve();
  return null;
}

/** End the session, and forget all that the page shows. */
export async function signOut() {
  await fetch("/session", { method: "DELETE" });
  location.assign("/");
}

function note(document) {
  const isOff = document.keys === "off";
  store.set({
    keys: isOff ? "off" : "on",
    key: document.key ?? null,
    scopes: document.scopes ?? [],
    asking: null,
  });
}
