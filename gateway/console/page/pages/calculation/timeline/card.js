// The timeline, as an ordered list.

import { Moment } from "../../../components/moment.js";
import { seconds } from "../../../core/format.js";
import { html } from "../../../core/preact.js";
import { timelineOf } from "./entries.js";

/** Shorter pauses are no news. */
const LEAST_WAIT_SECONDS = 0.001;

export function TimelineCard({ document }) {
  return html`<section class="card" aria-labelledby="timeline-heading">
    <h2 id="timeline-heading">Timeline</h2>
    <ol class="timeline">
      ${timelineOf(document).map((entry, index) => html`<${Entry} key=${index} entry=${entry} />`)}
    </ol>
  </section>`;
}

function Entry({ entry }) {
  const { at, text, worker, waited } = entry;
  return html`<li class="timeline-entry timeline-${entry.tone ?? "plain"}">
    ${waited >= LEAST_WAIT_SECONDS && html`<p class="timeline-wait">after ${seconds(waited)}</p>`}
    <p class="timeline-title"><strong>${entry.title}</strong></p>
    ${at !== null &&
    html`<p class="timeline-time"><${Moment} at=${at} />${entry.seconds !== null &&
      html`, took ${seconds(entry.seconds)}`}</p>`}
    ${text && html`<p>${text}</p>`}
    ${worker && html`<p class="muted">Worker <code>${worker}</code></p>`}
  </li>`;
}
