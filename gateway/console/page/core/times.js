// The present by the service's clock, for what shows how long ago something was.

import { serviceNow } from "./clock.js";
import { useEffect, useRef, useState } from "./preact.js";
import { isVisible } from "./visibility.js";

const listeners = new Set();
let timer = null;

/** Return the present in milliseconds; render again every second while the page is shown. */
export function useNow(enabled = true) {
  const [now, setNow] = useState(serviceNow);
  useEffect(() => {
    if (!enabled) return undefined;
    return onTick(setNow);
  }, [enabled]);
  return now;
}

function onTick(listener) {
  listener(serviceNow());
  listeners.add(listener);
  timer ??= setInterval(tick, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = null;
  };
}

function tick() {
  if (!isVisible()) return;
  const now = serviceNow();
  for (const listener of [...listeners]) listener(now);
}

/** Return the text that a function makes of the present; render again when it is another one. */
export function useText(make, enabled = true) {
  const [text, setText] = useState(() => make(serviceNow()));
  const latest = useRef(make);
  latest.current = make;
  useEffect(() => {
    if (!enabled) return undefined;
    return onTick((now) => setText(latest.current(now)));
  }, [enabled]);
  return enabled ? text : make(serviceNow());
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
