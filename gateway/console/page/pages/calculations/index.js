// All calculations, as they are now.

import { Icon } from "../../components/icon.js";
import { Empty, Loading } from "../../components/note.js";
import { Pager } from "../../components/pager.js";
import { ProblemNote } from "../../components/problem.js";
import { html, useCallback, useMemo, useRef, useState } from "../../core/preact.js";
import { Unreachable } from "../../core/problems.js";
import { Link, useLocation, useTitle } from "../../core/router.js";
import { Announcer } from "./announcer.js";
import { cancelOne, countText, plural, runOneAgain } from "./cancel_and_run.js";
import { useCount } from "./count.js";
import { FilterBar } from "./filter_bar.js";
import { cursorOf, filtersOf, lengthOf, pageQueryOf, urlOf } from "./filters.js";
import { useHeld } from "./held.js";
import { useJobs } from "./jobs.js";
import { LengthChoice } from "./length_choice.js";
import { useList } from "./list.js";
import { LiveButton } from "./live_button.js";
import { SelectionBar } from "./selection_bar.js";
import { useSelection } from "./selection.js";
import { CalculationsTable } from "./table.js";

/** The page. */
export function CalculationsPage() {
  useTitle("Calculations");
  const { query } = useLocation();
  const [isLive, setLive] = useState(true);
  const filters = useMemo(() => filtersOf(query), [query]);
  const length = lengthOf(query);
  const cursor = query.get("cursor");
  const pageQuery = pageQueryOf(filters, length, cursor);

  const place = useRef(null);
  const selected = useRef(0);
  const isHeld = useCallback(() => selected.current > 0 || isInUse(place.current), []);
  const { page, problem: found, isOpen } = useList(pageQuery, isLive);
  // The banner of the console says that nothing answers.
  const problem = found instanceof Unreachable ? null : found;
  const shown = useHeld(page, isHeld);
  const counted = useCount(filters, page);
  const selection = useSelection(pageQuery, shown.ids ?? NOTHING);
  selected.current = selection.ids.size;
  const jobs = useJobs();

  const { run } = jobs;
  const cancel = useCallback((document) => run(() => cancelOne(document)), [run]);
  const runAgain = useCallback((document) => run(() => runOneAgain(document)), [run]);
  const isStale = page !== null && page.query !== pageQuery;

  return html`<div class="page-head">
      <div class="row calculations-title">
        <h1>Calculations</h1>
        ${counted && html`<p class="muted">${countText(counted)} ${plural(counted.count)}</p>`}
      </div>
      <div class="row">
        <${LiveButton} isLive=${isLive} isOpen=${isOpen} isRefused=${isRefused(problem)}
          onChange=${setLive} />
        <${Link} href="/console/new" class="button button-primary"><${Icon} name="plus" />New<//>
      </div>
    </div>
    <${FilterBar} filters=${filters} length=${length} />
    <${ProblemNote} problem=${problem} />
    <${ProblemNote} problem=${jobs.problem} />
    <${SelectionBar} selection=${selection} documents=${shown.documents} filters=${filters}
      counted=${counted} jobs=${jobs} />
    ${page === null && problem === null && html`<${Loading} />`}
    ${page !== null && html`<div ref=${place} class=${isStale ? "calculations-stale" : ""}
      aria-busy=${isStale ? "true" : undefined}>
      <${Waiting} shown=${shown} />
      ${shown.ids.length > 0
        ? html`<${CalculationsTable} shown=${shown} selection=${selection} cancel=${cancel}
            runAgain=${runAgain} />`
        : html`<${Nothing} filters=${filters} cursor=${cursor} length=${length} />`}
    </div>`}
    <div class="row calculations-foot">
      <${LengthChoice} filters=${filters} length=${length} />
      <${Pager} label="Pages of the list" first=${cursor ? urlOf(filters, length) : null}
        next=${page?.next ? urlOf(filters, length, cursorOf(page.next)) : null} />
    </div>
    ${(selection.ids.size > 0 || jobs.isBusy) && html`<div class="selection-room" />`}
    <${Announcer} page=${isLive ? page : null} />`;
}

const NOTHING = [];

/** Whether the service would give the same answer again. */
function isRefused(problem) {
  return problem?.status >= 400 && problem.status < 500 && problem.status !== 429;
}

/** Whether somebody points at the rows, is in them by keyboard, or has scrolled down to them. */
function isInUse(place) {
  const rows = place?.querySelector("tbody");
  if (!rows) return false;
  const canPoint = window.matchMedia("(hover: hover)").matches;
  if (canPoint && rows.matches(":hover")) return true;
  return rows.contains(document.activeElement) || rows.getBoundingClientRect().top < 0;
}

function Waiting({ shown }) {
  if (shown.waiting === 0) return null;
  const text = `${shown.waiting} new ${plural(shown.waiting)}`;
  const show = () => {
    shown.release();
    window.scrollTo({ top: 0 });
  };
  return html`<div class="calculations-waiting">
    <button type="button" class="button" onClick=${show}>
      <${Icon} name="refresh" />Show ${text}
    </button>
  </div>`;
}

function Nothing({ filters, cursor, length }) {
  if (cursor) {
    return html`<${Empty} title="No older calculations">
      <${Link} href=${urlOf(filters, length)} class="button">Go to the newest<//>
    <//>`;
  }
  if (Object.keys(filters).length > 0) {
    return html`<${Empty} title="No calculation matches">
      <p>Change the filters, or look at all calculations.</p>
      <${Link} href=${urlOf({}, length)} class="button">Clear the filters<//>
    <//>`;
  }
  return html`<${Empty} title="No calculations yet">
    <p>What is submitted here, with <code>reckoner run</code> or over HTTP, appears by itself.</p>
    <${Link} href="/console/new" class="button button-primary">Create one<//>
  <//>`;
}
