// The state of the service: what is wrong, what waits, who works, and how it was.

import { Note, Loading } from "../../components/note.js";
import { Moment } from "../../components/moment.js";
import { ProblemNote } from "../../components/problem.js";
import { html, useEffect, useState } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { useTitle } from "../../core/router.js";
import { useSession } from "../../core/session.js";
import { Amounts } from "./amounts.js";
import { Charts } from "./charts.js";
import { DeadLetters } from "./dead_letters.js";
import { Failures } from "./failures.js";
import { Lanes } from "./lanes.js";
import { Relays, Workers } from "./processes.js";
import { Verdict } from "./verdict.js";

const SECONDS = 3;

/** The page. */
export function SystemPage() {
  useTitle("System");
  const { can } = useSession();
  const mayRead = can("operate");
  const { data, problem, isStale, reload } = useResource("/system", {
    every: SECONDS,
    enabled: mayRead,
  });
  if (!mayRead || problem?.status === 403) return html`<h1>System</h1><${Closed} />`;
  return html`<div class="page-head">
      <h1>System</h1>
      ${data && html`<${Updated} data=${data} isStale=${isStale} />`}
    </div>
    ${!data && problem?.status && html`<${ProblemNote} problem=${problem} onRetry=${reload} />`}
    ${!data && !problem?.status && html`<${Loading}>Asking for the state…<//>`}
    ${data && html`<${State} data=${data} reload=${reload} />`}`;
}

function State({ data, reload }) {
  return html`<${Verdict} data=${data} />
    <${Lanes} data=${data} />
    <${Charts} />
    <${Workers} workers=${data.workers} />
    <${Failures} failures=${data.failures} />
    <div class="grid system-cards">
      <${DeadLetters} data=${data} reload=${reload} />
      <${Amounts} data=${data} />
    </div>
    <${Relays} relays=${data.relays} />
    <p class="muted system-build">
      Reckoner ${data.build.version}, Python ${data.build.python}, schema ${data.build.schema}.
    </p>`;
}

/** When the state was read; a screen reader is not told every three seconds. */
function Updated({ data, isStale }) {
  const [at, setAt] = useState(null);
  useEffect(() => setAt(new Date().toISOString()), [data]);
  return html`<p class="muted system-updated">
    ${isStale ? "Last known state, of " : "Updated "}<${Moment} at=${at} />
  </p>`;
}

function Closed() {
  return html`<${Note} kind="info">
    <p><strong>Your key may not see the state of the service.</strong></p>
    <p>Use a key with the scope <code>operate</code>: sign out, and sign in again with that one.</p>
  <//>`;
}
