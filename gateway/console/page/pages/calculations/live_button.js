// Stops and resumes the refreshing of the list.

import { Icon } from "../../components/icon.js";
import { html, useEffect, useState } from "../../core/preact.js";

const TIME = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/**
 * <${LiveButton} isLive isOpen isRefused onChange=${setLive} />; isOpen: the stream has begun;
 * isRefused: there is none, and the page says why.
 */
export function LiveButton({ isLive, isOpen, isRefused, onChange }) {
  const [stoppedAt, setStoppedAt] = useState(null);
  useEffect(() => setStoppedAt(isLive ? null : new Date()), [isLive]);
  if (isRefused) return null;
  const state = isLive ? (isOpen ? "live" : "connecting") : "stopped";
  const text = { live: "Live", connecting: "Connecting…", stopped: `As of ${since(stoppedAt)}` };
  return html`<span class="live live-${state}"><span class="live-dot" />${text[state]}</span>
    <button type="button" class="button" onClick=${() => onChange(!isLive)}>
      <${Icon} name=${isLive ? "pause" : "play"} />${isLive ? "Stop refreshing" : "Resume refreshing"}
    </button>`;
}

function since(moment) {
  return moment === null ? "now" : TIME.format(moment);
}
