// Why calculations failed in the last hour and the last day.

import { Moment } from "../../components/moment.js";
import { Cell, Row, Table } from "../../components/table.js";
import { count, shortId } from "../../core/format.js";
import { html } from "../../core/preact.js";
import { Link } from "../../core/router.js";

const WORDS = {
  "function-failed": "The function raised an error",
  "function-gone": "No worker has the function",
  "memory-limit": "It needed too much memory",
  "process-died": "Its process ended without a result",
  "result-invalid": "The function returned no valid result",
  "result-wrong": "The result failed its check",
  "time-limit": "It took too long",
  "worker-lost": "Its workers were lost",
};

const COLUMNS = [
  "Reason",
  "Function",
  { label: "Last hour", class: "number" },
  { label: "Last day", class: "number" },
  "Latest",
];

/** <${Failures} failures=${system.failures} /> */
export function Failures({ failures }) {
  const { counts, is_exact: isExact } = failures;
  return html`<section aria-labelledby="system-failures" class="stack stack-small">
    <h2 id="system-failures">Failures by reason</h2>
    ${counts.length === 0
      ? html`<p class="card muted">No calculation has failed in the last day.</p>`
      : html`<${Table} label="Failures by reason" columns=${COLUMNS}>
          ${counts.map((one) => html`<${Failure} key=${one.function + one.type} one=${one} />`)}
        <//>`}
    ${!isExact && html`<p class="muted">Only the newest 2,000 failures were counted.</p>`}
  </section>`;
}

function Failure({ one }) {
  const reason = one.type.split(":").pop();
  const list = `/?status=failed&function=${encodeURIComponent(one.function)}`;
  return html`<${Row}>
    <${Cell} label="Reason">
      <span>${WORDS[reason] ?? reason} <span class="muted mono">${reason}</span></span>
    <//>
    <${Cell} label="Function"><${Link} href=${list}>${one.function}<//><//>
    <${Cell} label="Last hour" class="number">${count(one.last_hour)}<//>
    <${Cell} label="Last day" class="number">${count(one.last_day)}<//>
    <${Cell} label="Latest">
      <span><${Link} href=${`/console/calculations/${one.latest_id}`} class="mono">
        ${shortId(one.latest_id)}<//>
      ${" "}<span class="muted"><${Moment} at=${one.latest_at} relative /></span></span>
    <//>
  <//>`;
}
