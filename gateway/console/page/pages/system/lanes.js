// What waits and runs, by lane, and the outbox.

import { Progress } from "../../components/progress.js";
import { count, seconds } from "../../core/format.js";
import { html } from "../../core/preact.js";
import { Link } from "../../core/router.js";

const NAMES = { quick: "Quick lane", heavy: "Heavy lane" };
const SENTENCES = {
  quick: "Short calculations, in the worker's own process.",
  heavy: "Long ones, each in a process of its own.",
};

/** <${Lanes} data=${system} /> */
export function Lanes({ data }) {
  return html`<section aria-label="Queues" class="system-lanes">
    ${Object.entries(data.lanes).map(
      ([name, lane]) => html`<${Lane} key=${name} name=${name} lane=${lane} />`,
    )}
    <${Outbox} outbox=${data.outbox} finished=${data.finished_last_minute} />
  </section>`;
}

function Lane({ name, lane }) {
  return html`<div class="card">
    <div>
      <h2><${Link} href="/?lane=${name}" class="system-heading">${NAMES[name]}<//></h2>
      <p class="muted">${SENTENCES[name]}</p>
    </div>
    <dl class="system-figures">
      <${Figure} name="Queued" value=${count(lane.queued)} isMain />
      <${Figure} name="Running" value=${count(lane.running)} isMain />
      <${Figure} name="In RabbitMQ" value=${count(lane.published)} />
      <${Figure} name="Oldest waits" value=${seconds(lane.oldest_queued_seconds)} />
      <${Figure} name="Time to go" value=${toGo(lane)} />
      <${Figure} name="Workers" value=${count(lane.workers)} />
    </dl>
    <${Slots} name=${name} lane=${lane} />
  </div>`;
}

function toGo(lane) {
  if (lane.queued + lane.running === 0) return "–";
  if (lane.estimated_seconds_to_go === null) return "not known";
  const least = lane.without_estimate > 0 ? "more than " : "";
  return `${least}${seconds(lane.estimated_seconds_to_go)}`;
}

function Slots({ name, lane }) {
  // Quick workers say how many they compute; what heavy ones claim is in PostgreSQL at once.
  const computing = Math.max(lane.busy_slots ?? 0, lane.running);
  const busy = Math.min(lane.slots, computing);
  if (lane.slots === 0) return html`<p class="muted">No slots: nothing is computed here.</p>`;
  return html`<div class="system-slots">
    <${Progress} value=${busy / lane.slots} label=${`Busy slots of the ${name} lane`} />
    <span class="muted">${count(busy)} of ${count(lane.slots)} slots busy</span>
  </div>`;
}

function Outbox({ outbox, finished }) {
  const age = outbox.depth ? outbox.age_seconds : null;
  return html`<div class="card">
    <div>
      <h2>Flow</h2>
      <p class="muted">What a relay could publish now, and what has ended in the last minute.</p>
    </div>
    <dl class="system-figures">
      <${Figure} name="Outbox" value=${count(outbox.depth)} isMain />
      <${Figure} name="Outbox age" value=${seconds(age)} isMain />
      <${Figure} name="Succeeded" value=${count(finished.succeeded ?? 0)} />
      <${Figure} name="Failed" value=${count(finished.failed ?? 0)} isBad=${finished.failed > 0} />
      <${Figure} name="Cancelled" value=${count(finished.cancelled ?? 0)} />
    </dl>
  </div>`;
}

function Figure({ name, value, isMain, isBad }) {
  const kind = `${isMain ? "system-main" : ""} ${isBad ? "system-bad" : ""}`;
  return html`<div class="system-figure ${kind}"><dt>${name}</dt><dd>${value}</dd></div>`;
}
