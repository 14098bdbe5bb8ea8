// Whose key the browser has a session for, where keys are on.

import { makeStore, useStore } from "./store.js";

/** keys: "unknown", "on" or "off"; isAsking: the dialog is open. */
const store = makeStore({ keys: "unknown", key: null, scopes: [], isAsking: false });

/** @type {Set<() => void>} requests that need a session */
const waiting = new Set();

/** Return {keys, key, scopes, can(scope), signOut, isAsking}; `key` is the key's name. */
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
    else if (response.status === 401) ask();
  } catch {
    // The connection's banner says that nothing answers; a request that needs a key asks for it.
  }
}

/** Open the dialog; resolve once there is a session, and reject if the signal is aborted. */
export function signIn(signal) {
  ask();
  return new Promise((resolve, reject) => {
    const fail = () => {
      waiting.delete(succeed);
      reject(signal.reason);
    };
    const succeed = () => {
      signal?.removeEventListener("abort", fail);
      resolve();
    };
    waiting.add(succeed);
    signal?.addEventListener("abort", fail);
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
  const resolvers = [...waiting];
  waiting.clear();
  for (const resolve of resolvers) resolve();
  return null;
}

/** End the session, and forget all that the page shows. */
export async function signOut() {
  await fetch("/session", { method: "DELETE" });
  location.assign("/");
}

function ask() {
  store.set({ keys: "on", key: null, scopes: [], isAsking: true });
}

function note(document) {
  const isOff = document.keys === "off";
  store.set({
    keys: isOff ? "off" : "on",
    key: document.key ?? null,
    scopes: document.scopes ?? [],
    isAsking: false,
  });
}
