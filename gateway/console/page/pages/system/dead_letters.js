// Messages that workers have rejected, and putting them back.

import { confirm } from "../../components/confirm.js";
import { Icon } from "../../components/icon.js";
import { Moment } from "../../components/moment.js";
import { ProblemNote } from "../../components/problem.js";
import { toast } from "../../components/toast.js";
import { api } from "../../core/api.js";
import { count } from "../../core/format.js";
import { html, useState } from "../../core/preact.js";

const SHOWN = 3;

/** <${DeadLetters} data=${system} reload=${reload} /> */
export function DeadLetters({ data, reload }) {
  const [problem, setProblem] = useState(null);
  const found = Object.entries(data.dead_letters);
  const total = found.reduce((sum, [, number]) => sum + (number ?? 0), 0);
  const isUnknown = found.every(([, number]) => number === null);

  const redrive = async (lane, number) => {
    const isYes = await confirm({
      title: `Put ${messages(number)} back?`,
      text:
        `Workers of the ${lane} lane try them again. What they still cannot read comes back here.`,
      action: "Put back",
    });
    if (!isYes) return;
    setProblem(null);
    try {
      await api.post("/dead-letters/redrive", { lane });
      toast("A relay puts them back within seconds.");
      reload();
    } catch (error) {
      setProblem(error);
    }
  };

  return html`<section class="card" aria-labelledby="system-dead">
    <h2 id="system-dead">Dead letters</h2>
    <p class="muted">
      Messages that workers could not read, such as those of a newer version. No calculation is lost
      by them: it is published again.
    </p>
    ${isUnknown && html`<p>Not known: no relay has counted them yet.</p>`}
    ${!isUnknown && total === 0 && html`<p>There are none.</p>`}
    ${found.map(
      ([lane, number]) =>
        number > 0 &&
        html`<div key=${lane} class="row system-dead">
          <span><strong>${count(number)}</strong> in the ${lane} lane</span>
          <button type="button" class="button" onClick=${() => redrive(lane, number)}
            aria-label=${`Put back ${messages(number)} of the ${lane} lane`}>
            <${Icon} name="refresh" />Put back
          </button>
        </div>`,
    )}
    <${ProblemNote} problem=${problem} />
    <${Redrives} redrives=${data.redrives} />
  </section>`;
}

function messages(number) {
  return number === 1 ? "1 message" : `${count(number)} messages`;
}

function Redrives({ redrives }) {
  if (redrives.length === 0) return null;
  return html`<div class="stack stack-small">
    <h3>Put back before</h3>
    <ul class="system-redrives" aria-live="polite">
      ${redrives.slice(0, SHOWN).map(
        (one) => html`<li key=${one.id}>
          <span>${outcome(one)}</span>
          <span class="muted"><${Moment} at=${one.finished_at ?? one.requested_at} relative />
            ${one.requested_by && html` by ${one.requested_by}`}</span>
        </li>`,
      )}
    </ul>
  </div>`;
}

function outcome({ status, moved, fault, lane }) {
  const where = lane ? ` of the ${lane} lane` : "";
  if (status === "waiting") return "Waits for a relay.";
  if (status === "running") return `A relay is at it: ${messages(moved)}${where} so far.`;
  if (status === "failed") return `${messages(moved)}${where} put back, then: ${fault}`;
  return `${messages(moved)}${where} put back.`;
}
