// A time, in the reader's zone; in UTC when pointed at.

import { html } from "../core/preact.js";
import { ago, useText } from "../core/times.js";

const TODAY = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const THIS_YEAR = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit",
});
const WHOLE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** <${Moment} at=${rfc3339} relative />; relative: how long ago. */
export function Moment({ at, relative = false }) {
  const words = useText((now) => (at ? ago(Date.parse(at), now) : ""), relative);
  if (at === null || at === undefined) return "–";
  const time = new Date(at);
  const utc = `${time.toISOString().replace("T", " ").replace(/\.\d+Z$/, "")} UTC`;
  const text = relative ? words : local(time);
  const title = relative ? `${WHOLE.format(time)}, ${utc}` : utc;
  return html`<time datetime=${at} title=${title}>${text}</time>`;
}

function local(time) {
  const now = new Date();
  if (time.toDateString() === now.toDateString()) return TODAY.format(time);
  return (time.getFullYear() === now.getFullYear() ? THIS_YEAR : WHOLE).format(time);
}
