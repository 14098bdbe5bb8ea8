// The present, for what shows how long ago something was.

import { useEffect, useState } from "./preact.js";
import { isVisible } from "./visibility.js";

const listeners = new Set();
let timer = null;

/** Return the present in milliseconds; render again every second while the page is shown. */
export function useNow(enabled = true) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!enabled) return undefined;
    setNow(Date.now());
    listeners.add(setNow);
    timer ??= setInterval(tick, 1000);
    return () => {
      listeners.delete(setNow);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = null;
    };
  }, [enabled]);
  return now;
}

function tick() {
  if (!isVisible()) return;
  const now = Date.now();
  for (const listener of [...listeners]) listener(now);
}

/** Return how long ago a time was, or how far ahead it is, in words. */
export function ago(milliseconds, now) {
  const seconds = Math.round((now - milliseconds) / 1000);
  if (Math.abs(seconds) < 5) return "just now";
  const words = inWords(Math.abs(seconds));
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

function inWords(seconds) {
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h`;
  const days = Math.floor(seconds / 86400);
  return days === 1 ? "1 day" : `${days} days`;
}
