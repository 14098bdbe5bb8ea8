// How much is stored and queued, beside what may be.

import { Moment } from "../../components/moment.js";
import { bytes, count, percent, seconds } from "../../core/format.js";
import { html } from "../../core/preact.js";

/** From this share of a limit on, a bar warns. */
const NEARLY = 0.9;
const SHOWN_KEYS = 5;

/** <${Amounts} data=${system} />: two cards. */
export function Amounts({ data }) {
  return html`<${Storage} data=${data} /><${Admission} admission=${data.admission} />`;
}

function Storage({ data }) {
  const { storage, disk } = data;
  const { limits } = storage;
  return html`<section class="card" aria-labelledby="system-storage">
    <h2 id="system-storage">Storage</h2>
    <${Amount} name="Stored results" used=${storage.bytes} limit=${limits.bytes} show=${bytes} />
    <dl class="facts">
      <dt>Results</dt>
      <dd>${count(storage.results)}${!storage.is_counted && ", older ones are being counted"}</dd>
      <dt>Database</dt><dd>${bytes(disk.database_bytes)}</dd>
      <dt>Kept for</dt><dd>${limits.seconds ? seconds(limits.seconds) : kept(limits)}</dd>
      <dt>Checked</dt>
      <dd>${storage.ran_at ? html`<${Moment} at=${storage.ran_at} relative />` : "never"}</dd>
    </dl>
    <p class="muted">
      How much the disk has free cannot be seen from here: watch it where PostgreSQL runs.
    </p>
  </section>`;
}

function kept(limits) {
  return limits.bytes ? "as long as there is room" : "ever: there is no limit";
}

function Admission({ admission }) {
  const { limits, queued, keys } = admission;
  const names = Object.entries(keys)
    .sort(([, one], [, other]) => other.seconds - one.seconds)
    .slice(0, SHOWN_KEYS);
  return html`<section class="card" aria-labelledby="system-admission">
    <h2 id="system-admission">Admission</h2>
    <p class="muted">
      What is queued, beside what may be. Beyond a limit, submissions are refused.
    </p>
    <${Amount} name="Computing time" used=${queued.seconds} limit=${limits.queued_seconds}
      show=${seconds} />
    <${Amount} name="Bytes of results" used=${queued.bytes} limit=${limits.queued_bytes}
      show=${bytes} />
    ${names.length > 0 &&
    html`<h3>By key</h3>
      <dl class="facts">
        ${names.map(
          ([name, sums]) => html`<dt key=${name}>${name}</dt>
            <dd>${count(sums.calculations)} calculations, ${seconds(sums.seconds)}</dd>`,
        )}
      </dl>`}
  </section>`;
}

/** A bar if there is a limit. */
function Amount({ name, used, limit, show }) {
  const part = limit ? Math.min(1, used / limit) : null;
  return html`<div class="system-amount">
    <div class="row">
      <span>${name}</span>
      <span class="system-of">${show(used)}
        <span class="muted">
          ${limit ? ` of ${show(limit)} (${percent(used / limit)})` : ", no limit"}
        </span>
      </span>
    </div>
    ${part !== null &&
    html`<meter class=${part > NEARLY ? "system-near" : ""} value=${part} max="1"
      aria-label=${`${name}: ${percent(used / limit)} of the limit`} />`}
  </div>`;
}
