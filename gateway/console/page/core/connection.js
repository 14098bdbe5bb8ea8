// Whether the service answers. While it does not, one request asks for it, ever less often; all
// others wait until that one succeeds.

import { makeStore, useStore } from "./store.js";
import { isVisible, onVisibility } from "./visibility.js";

const FIRST_SECONDS = 1;
const MAX_SECONDS = 30;
const PROBE_SECONDS = 10;

/** Who is down again so soon is asked as seldom as before. */
const FLAPPING_SECONDS = 10;

const UP = { isDown: false, since: null, retryAt: null };
const store = makeStore(UP);

/** @type {Set<() => void>} */
const waiting = new Set();
let failures = 0;
let upAgainAt = 0;
let timer = null;
/** @type {Promise<boolean> | null} */
let probing = null;

/** Return {isDown, since, retryAt, retryNow}; times are milliseconds. */
export function useConnection() {
  return { ...useStore(store), retryNow };
}

/** Return whether the service is known to be down. */
export function isDown() {
  return store.get().isDown;
}

/** Resolve to whether the service answers, for a request that had no answer. */
export function check() {
  return isDown() ? Promise.resolve(false) : probe();
}

/** Resolve once the service is not known to be down; reject if the signal is aborted. */
export function whenUp(signal) {
  if (!isDown()) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const succeed = () => {
      signal?.removeEventListener("abort", fail);
      resolve();
    };
    const fail = () => {
      waiting.delete(succeed);
      reject(signal.reason);
    };
    waiting.add(succeed);
    signal?.addEventListener("abort", fail, { once: true });
  });
}

/** Ask now, without waiting for the time that was planned. */
export function retryNow() {
  if (!isDown()) return;
  clearTimeout(timer);
  store.set({ ...store.get(), retryAt: null });
  probe();
}

/** Return a time between half of these seconds and all of them, in milliseconds. */
export function withJitter(seconds) {
  return seconds * 1000 * (0.5 + Math.random() / 2);
}

/** Return how long to wait after so many failures, in milliseconds. */
export function backoff(count) {
  return withJitter(Math.min(MAX_SECONDS, FIRST_SECONDS * 2 ** count));
}

function schedule() {
  clearTimeout(timer);
  // Nobody looks: it is asked for when somebody does.
  if (!isVisible()) return;
  const delay = backoff(failures);
  failures += 1;
  store.set({ ...store.get(), retryAt: Date.now() + delay });
  timer = setTimeout(retryNow, delay);
}

function noteDown() {
  if (!isDown()) {
    if (Date.now() - upAgainAt > FLAPPING_SECONDS * 1000) failures = 0;
    store.set({ isDown: true, since: Date.now(), retryAt: null });
  }
  schedule();
}

function noteUp() {
  if (!isDown()) return;
  clearTimeout(timer);
  upAgainAt = Date.now();
  store.set(UP);
  const resolvers = [...waiting];
  waiting.clear();
  for (const resolve of resolvers) resolve();
}

/** One request at a time finds out whether the service answers; it counts for all who want to know. */
function probe() {
  probing ??= ask().then((isUp) => {
    probing = null;
    if (isUp) noteUp();
    else noteDown();
    return isUp;
  });
  return probing;
}

async function ask() {
  try {
    const response = await fetch("/health/live", {
      cache: "no-store",
      signal: AbortSignal.timeout(PROBE_SECONDS * 1000),
    });
    return response.ok;
  } catch {
    return false;
  }
}

onVisibility((isShown) => {
  if (isShown) retryNow();
});
window.addEventListener("online", () => retryNow());
