// Which workers and relays are alive, and what they do.

import { Icon } from "../../components/icon.js";
import { Moment } from "../../components/moment.js";
import { Empty } from "../../components/note.js";
import { Cell, Row, Table } from "../../components/table.js";
import { percent, seconds, shortId } from "../../core/format.js";
import { html, useState } from "../../core/preact.js";
import { Link } from "../../core/router.js";

/** More would hide what comes below. */
const SHOWN = 20;
const SHOWN_RUNS = 5;

const COLUMNS = ["Worker", "Lane", "Slots", "Runs", "Lacks", "Since"];

/** <${Workers} workers=${system.workers} /> */
export function Workers({ workers }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? workers : workers.slice(0, SHOWN);
  return html`<section aria-labelledby="system-workers" class="stack stack-small">
    <h2 id="system-workers">Workers</h2>
    ${workers.length === 0
      ? html`<${Empty} title="No worker is alive">
          <p>
            Start one: <code>python -m workers quick</code>, or
            ${" "}<code>python -m workers heavy</code>.
          </p>
        <//>`
      : html`<${Table} label="Workers" columns=${COLUMNS}>
          ${shown.map((worker) => html`<${Worker} key=${worker.id} worker=${worker} />`)}
        <//>`}
    ${shown.length < workers.length &&
    html`<button type="button" class="button system-more" onClick=${() => setWhole(true)}>
      Show all ${workers.length} workers
    </button>`}
  </section>`;
}

function Worker({ worker }) {
  return html`<${Row}>
    <${Cell} label="Worker"><${Process} process=${worker} /><//>
    <${Cell} label="Lane">${worker.lane}<//>
    <${Cell} label="Slots">${worker.slots}<//>
    <${Cell} label="Runs"><${Runs} worker=${worker} /><//>
    <${Cell} label="Lacks"><${Lacks} lacks=${worker.lacks} /><//>
    <${Cell} label="Since"><${Moment} at=${worker.started_at} relative /><//>
  <//>`;
}

function Process({ process: { host, pid } }) {
  return html`<span><strong>${host}</strong> <span class="muted">pid ${pid}</span></span>`;
}

function Runs({ worker }) {
  const { runs, lane } = worker;
  if (runs.length === 0) {
    return html`<span class="muted">${lane === "quick" ? "short ones, not listed" : "idle"}</span>`;
  }
  return html`<ul class="system-runs">
    ${runs.slice(0, SHOWN_RUNS).map((run) => html`<${Run} key=${run.id} run=${run} />`)}
    ${runs.length > SHOWN_RUNS &&
    html`<li class="muted">and ${runs.length - SHOWN_RUNS} more</li>`}
  </ul>`;
}

function Run({ run: { id, function: name, since, progress } }) {
  const url = `/console/calculations/${id}`;
  return html`<li>
    <${Link} href=${url}>${name} <span class="mono">${shortId(id)}</span><//>
    ${" "}<span class="muted">
      ${progress > 0 && `${percent(progress)}, `}<${Moment} at=${since} relative />
    </span>
  </li>`;
}

function Lacks({ lacks }) {
  if (lacks === null) return html`<span class="muted">not known</span>`;
  if (lacks.length === 0) return html`<span class="muted">nothing</span>`;
  return html`<span class="system-lacks"><${Icon} name="warning" />${lacks.join(", ")}</span>`;
}

/** <${Relays} relays=${system.relays} /> */
export function Relays({ relays }) {
  if (relays.length === 0) return null;
  return html`<section aria-labelledby="system-relays" class="stack stack-small">
    <h2 id="system-relays">Relays</h2>
    <${Table} label="Relays" columns=${["Relay", "Last seen", "State", "Since"]}>
      ${relays.map(
        (relay) => html`<${Row} key=${relay.id}>
          <${Cell} label="Relay"><${Process} process=${relay} /><//>
          <${Cell} label="Last seen">${seconds(relay.silent_seconds)} ago<//>
          <${Cell} label="State"><${RelayState} problems=${relay.problems} /><//>
          <${Cell} label="Since"><${Moment} at=${relay.started_at} relative /><//>
        <//>`,
      )}
    <//>
  </section>`;
}

function RelayState({ problems }) {
  const found = Object.entries(problems);
  if (found.length === 0) return html`<span class="muted">publishes</span>`;
  return html`<ul class="system-runs">
    ${found.map(([lane, text]) => html`<li key=${lane}>${lane} lane: ${text}</li>`)}
  </ul>`;
}
