// Beside the form: what the calculation would cost, where it would run, and whether it exists.

import { CopyButton } from "../../components/copy_button.js";
import { Icon } from "../../components/icon.js";
import { Status } from "../../components/status.js";
import { useConnection } from "../../core/connection.js";
import { bytes, count, seconds, shortId } from "../../core/format.js";
import { html } from "../../core/preact.js";
import { Link } from "../../core/router.js";

/**
 * @param {{
 *   answer: {estimate: object | null, problem: Error | null, isCurrent: boolean},
 *   isComplete: boolean, timeLimit: number,
 * }} props
 */
export function EstimatePanel({ answer, isComplete, timeLimit }) {
  const { isDown } = useConnection();
  const { estimate, problem, isCurrent } = answer;
  const isShown = estimate !== null && isComplete;
  return html`<section class="card estimate" aria-labelledby="estimate-heading">
    <div class="estimate-head">
      <h2 id="estimate-heading">Estimate</h2>
      <${State} ...${{ isDown, isComplete, isCurrent, problem }} />
    </div>
    ${isShown && html`<${Known} estimate=${estimate} />`}
    ${isComplete && isCurrent && html`<${WhyNot} problem=${problem} />`}
    <dl class=${`facts estimate-facts${isShown && !isCurrent ? " estimate-old" : ""}`}>
      ${isShown ? costs(estimate, timeLimit) : NOTHING_YET}
    </dl>
  </section>`;
}

/** What is going on, in a few words. It is said aloud only when it is worth it. */
function State({ isDown, isComplete, isCurrent, problem }) {
  const text = isDown
    ? "Waiting for the service"
    : !isComplete
      ? "Complete the form first"
      : !isCurrent
        ? "Estimating…"
        : problem
          ? reason(problem)
          : "";
  return html`<p class="estimate-state" role="status">${text}</p>`;
}

function reason(problem) {
  if (problem.status === 422) return "Not possible as it is";
  if (problem.status === 429) return `Too many requests; again in ${problem.retryAfter ?? 10} s`;
  return problem.title;
}

/** What is wrong with all of it: faults of single arguments stand beside them. */
function WhyNot({ problem }) {
  if (!problem || problem.errors.length > 0) return null;
  return html`<p class="field-error"><${Icon} name="warning" />${problem.detail}</p>`;
}

/** Whether somebody has submitted it already, with a link. */
function Known({ estimate: { id, status } }) {
  if (status === null) return null;
  return html`<p class="estimate-known" role="status">
    <${Status} of=${status} />
    <span>${WORDS[status]}</span>
    <${Link} href=${`/console/calculations/${id}`}>
      ${status === "succeeded" ? "Open the result" : "Open it"}
    <//>
  </p>`;
}

const WORDS = {
  queued: "Already submitted, and waiting for a worker.",
  running: "Already being computed.",
  succeeded: "Already computed: the result is there at once.",
  failed: "It has failed before; submitting tries again.",
  cancelled: "It was cancelled before; submitting starts it again.",
};

const NOTHING_YET = html`
  <dt>Time</dt>
  <dd>–</dd>
  <dt>Memory</dt>
  <dd>–</dd>
  <dt>Lane</dt>
  <dd>–</dd>
`;

function costs({ id, lane, estimate }, timeLimit) {
  return html`
    <dt>Time</dt>
    <dd>
      ${estimate
        ? seconds(estimate.seconds)
        : html`unknown, <span class="muted">at most ${seconds(timeLimit)}</span>`}
    </dd>
    <dt>Memory</dt>
    <dd>${estimate?.bytes == null ? "unknown" : bytes(estimate.bytes)}</dd>
    ${estimate?.digits != null && html`<dt>Result</dt><dd>${count(estimate.digits)} digits</dd>`}
    <dt>Lane</dt>
    <dd>${lane} <span class="muted">${LANES[lane] ?? ""}</span></dd>
    <dt>Source</dt>
    <dd>${SOURCES[estimate?.source] ?? SOURCES.none}</dd>
    <dt>Id</dt>
    <dd class="estimate-id">
      <code title=${id}>${shortId(id)}</code>
      <${CopyButton} text=${id} label="Copy the id" />
    </dd>
  `;
}

const LANES = {
  quick: "beside other short ones",
  heavy: "in a process of its own",
};

const SOURCES = {
  function: "the function’s author",
  history: "earlier runs",
  none: "no estimate for this function yet",
};
