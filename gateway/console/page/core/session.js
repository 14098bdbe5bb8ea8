// Whose key the browser has a session for, where keys are on.

import { backoff, check, whenUp } from "./connection.js";
import { makeStore, useStore } from "./store.js";
import { onVisibility } from "./visibility.js";

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

/** Find out whether keys are on, and whose session this is; not before the service answers. */
export async function loadSession() {
  for (let failures = 0; ; failures++) {
    await whenUp();
    try {
      const response = await fetch("/session", { cache: "no-store" });
      if (response.ok) return begin(await response.json());
      if (response.status === 401) return ask();
    } catch {
      // No answer: it is asked again.
    }
    await check();
    await new Promise((resolve) => setTimeout(resolve, backoff(failures)));
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
  begin(document);
  return null;
}

/**
 * End the session, and forget all that the page shows; resolve to whether that worked, as nobody
 * may believe to have signed out who has not.
 */
export async function signOut() {
  const response = await fetch("/session", { method: "DELETE" }).catch(() => null);
  const isEnded = response?.ok || response?.status === 401; // or had ended before
  if (isEnded) location.assign("/");
  return Boolean(isEnded);
}

function ask() {
  store.set({ keys: "on", key: null, scopes: [], isAsking: true });
}

/** Take a session's document, and let the requests go on that need one. */
function begin(document) {
  const isOff = document.keys === "off";
  store.set({
    keys: isOff ? "off" : "on",
    key: document.key ?? null,
    scopes: document.scopes ?? [],
    isAsking: false,
  });
  const resolvers = [...waiting];
  waiting.clear();
  for (const resolve of resolvers) resolve();
}

// Somebody who has signed in on another tab need not do so here.
onVisibility((isShown) => {
  if (isShown && store.get().isAsking) loadSession();
});
