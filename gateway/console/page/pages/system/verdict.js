// What is wrong, in words, and what to do; or that everything works.

import { Icon } from "../../components/icon.js";
import { Moment } from "../../components/moment.js";
import { Note } from "../../components/note.js";
import { count } from "../../core/format.js";
import { html } from "../../core/preact.js";

const KINDS = { fault: "problem", warning: "warning", note: "info" };
const WORDS = { fault: "Fault", warning: "Warning", note: "Note" };

/** <${Verdict} data=${system} /> */
export function Verdict({ data }) {
  const { problems } = data;
  return html`<section aria-label="What is wrong" class="stack stack-small">
    <p class="visually-hidden" role="status">${spoken(problems)}</p>
    ${problems.length === 0 && html`<${Well} data=${data} />`}
    ${problems.map((one) => html`<${Wrong} key=${one.severity + one.text} problem=${one} />`)}
  </section>`;
}

function Wrong({ problem: { severity, text, remedy } }) {
  return html`<${Note} kind=${KINDS[severity]}>
    <p>
      <span class="visually-hidden">${WORDS[severity]}: </span><strong>${withCode(text)}</strong>
    </p>
    <p>${withCode(remedy)}</p>
  <//>`;
}

/** What stands between backticks is code. */
function withCode(text) {
  return text.split("`").map((part, place) => (place % 2 ? html`<code>${part}</code>` : part));
}

function spoken(problems) {
  if (problems.length === 0) return "Everything works.";
  const faults = problems.filter(({ severity }) => severity === "fault").length;
  const what = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
  return faults ? `${what}, of which ${faults} keep something from working.` : `${what}.`;
}

function Well({ data }) {
  const finished = data.calculations_per_minute;
  const workers = data.workers.length;
  const first = data.relays.map((relay) => relay.started_at).sort()[0];
  return html`<div class="note system-well">
    <${Icon} name="check" />
    <div>
      <p><strong>Everything works.</strong></p>
      <p class="muted">
        ${finished === 1 ? "1 calculation has" : `${count(finished)} calculations have`} finished in
        the last minute. ${workers === 1 ? "1 worker is" : `${workers} workers are`} alive, and a
        relay since <${Moment} at=${first} />.
        ${data.history_since && html` The history begins <${Moment} at=${data.history_since} />.`}
      </p>
    </div>
  </div>`;
}
