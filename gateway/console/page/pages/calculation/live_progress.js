// How far an unfinished calculation is, and how long it may still take.

import { Icon } from "../../components/icon.js";
import { Progress } from "../../components/progress.js";
import { serviceNow } from "../../core/clock.js";
import { seconds } from "../../core/format.js";
import { html, useRef } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { useNow } from "../../core/times.js";
import { Pace, leftText, roughly } from "./time_left.js";

const READINESS_SECONDS = 15;
/** The most that the service says of the time. */
const MAX_RETRY_AFTER = 3600;

const BLOCKERS = {
  relay: "The relay, which hands calculations to the workers, does not run. It waits until it does.",
  rabbitmq: "RabbitMQ takes no work at the moment. It waits until it does.",
  quick_workers: "No quick worker is running. It waits until one is.",
  heavy_workers: "No heavy worker is running. It waits until one is.",
};

export function LiveProgress({ document, expected, isCancelling }) {
  return html`<section class="card" aria-labelledby="progress-heading">
    <h2 id="progress-heading">${headingOf(document, isCancelling)}</h2>
    ${document.status === "running"
      ? html`<${Running} document=${document} expected=${expected} isCancelling=${isCancelling} />`
      : html`<${Queued} document=${document} expected=${expected} />`}
  </section>`;
}

function headingOf({ status }, isCancelling) {
  if (isCancelling) return "Cancelling";
  return status === "running" ? "Running" : "Queued";
}

function Running({ document, expected, isCancelling }) {
  const now = useNow();
  const pace = useRef(new Pace());
  pace.current.note(document, serviceNow());
  const elapsed = Math.max(0, (now - Date.parse(document.started_at)) / 1000);
  const left = pace.current.secondsLeft(document, now, elapsed);
  const { progress } = document;
  return html`<${Progress} value=${progress > 0 ? progress : null}
      label=${`Progress of ${document.function}`} />
    <p class="progress-words">
      <strong>${isCancelling ? "Its worker stops it within seconds" : leftText(left)}</strong>
      <span class="muted">running for ${elapsed < 1 ? "less than a second" : roughly(elapsed)}</span>
    </p>
    ${!isCancelling && html`<p class="muted">${basisOf(document, left, elapsed)}</p>`}`;
}

/** What the time that is left is judged by. */
function basisOf({ progress, estimate }, left, elapsed) {
  if (left !== null) {
    return progress >= 0.02 ? "Judged by the pace so far." : "Judged by the estimate alone.";
  }
  if (estimate !== null && elapsed > estimate.seconds) {
    return `It takes longer than the ${seconds(estimate.seconds)} that were estimated.`;
  }
  return progress > 0
    ? "There is too little progress to judge by."
    : "The function reports no progress, and nothing is known of how long it takes.";
}

function Queued({ document, expected }) {
  const now = useNow();
  const ready = useResource("/health/ready", { every: READINESS_SECONDS });
  const blocker = blockerOf(ready.data, document.lane);
  if (blocker !== null) {
    return html`<div class="note note-warning"><${Icon} name="warning" /><div><p>${blocker}</p></div></div>`;
  }
  return html`<p><strong>${expectedText(document, expected, now)}</strong></p>
    <p class="muted">${document.published_at
      ? "It is in the queue of the workers."
      : `It waits in the ${document.lane} lane until the workers have room for it.`}</p>`;
}

function blockerOf(readiness, lane) {
  for (const name of ["relay", "rabbitmq", `${lane}_workers`]) {
    const state = readiness?.checks?.[name];
    if (state !== undefined && state !== "ok") return BLOCKERS[name];
  }
  return null;
}

/** By its estimate and the work ahead of it, as the service says. */
function expectedText({ estimate }, expected, now) {
  if (estimate === null || expected?.retryAfter == null) return "Time left unknown";
  if (expected.retryAfter >= MAX_RETRY_AFTER) return "Expected in an hour or more";
  const left = expected.retryAfter - (now - expected.at) / 1000;
  return left < 1 ? "Expected any moment" : `Expected in about ${roughly(left)}`;
}
