// How it was in the last hour, day or month.

import { Empty, Loading } from "../../components/note.js";
import { ProblemNote } from "../../components/problem.js";
import { html, useEffect, useRef, useState } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { navigate, useLocation } from "../../core/router.js";
import { loadUplot } from "../../core/uplot.js";
import { Chart } from "./chart.js";
import { CHARTS, lastKnown } from "./series.js";

const SPANS = [
  { name: "hour", text: "Last hour", seconds: 3600, every: 15 },
  { name: "day", text: "Last day", seconds: 86400, every: 60 },
  { name: "month", text: "Last 30 days", seconds: 2592000, every: 300 },
];

/** The charts, with the choice of the span, which the URL keeps. */
export function Charts() {
  const { query } = useLocation();
  const span = SPANS.find(({ name }) => name === query.get("span")) ?? SPANS[0];
  const { data, problem, reload } = useResource(`/system/history?seconds=${span.seconds}`, {
    every: span.every,
  });
  const shown = useLast(data);
  const [Plot, fault] = useUplot();
  return html`<section aria-labelledby="system-history" class="stack stack-small">
    <div class="page-head">
      <h2 id="system-history">History</h2>
      <div class="row" role="group" aria-label="How far back">
        ${SPANS.map(
          ({ name, text }) => html`<button key=${name} type="button" class="button"
            aria-pressed=${name === span.name}
            onClick=${() => navigate(`/console/system?span=${name}`, { replace: true })}>
            ${text}
          </button>`,
        )}
      </div>
    </div>
    <${ProblemNote} problem=${fault} />
    ${!shown && problem?.status && html`<${ProblemNote} problem=${problem} onRetry=${reload} />`}
    ${!shown && !problem?.status && html`<${Loading}>Loading the history…<//>`}
    ${shown && isEmpty(shown) && html`<${Empty} title="No history yet">
      <p>A relay stores each minute when it has ended. The first can be seen after two minutes.</p>
    <//>`}
    ${shown && !isEmpty(shown) && html`<div class="system-charts">
        ${CHARTS.map(
          (chart) =>
            html`<${Chart} key=${chart.id} chart=${chart} history=${shown} Plot=${Plot} />`,
        )}
      </div>
      <p class="muted">${ofWhat(shown)}</p>`}
  </section>`;
}

function ofWhat({ step_seconds: step, counted_seconds: counted }) {
  const first = counted.findIndex((covered) => covered !== null);
  const hasGap = counted.slice(first, lastKnown(counted)).includes(null);
  const every = step === 60 ? "minute" : step < 3600 ? `${step / 60} min` : `${step / 3600} h`;
  const gap = hasGap ? " Where a line is broken, no relay ran, and nothing is known." : "";
  return `One point every ${every}. Times are exact to the width of a bucket of the metrics.${gap}`;
}

function isEmpty({ counted_seconds: counted }) {
  return counted.every((covered) => covered === null);
}

/** Return the last data there were: another span replaces what is shown when it has come. */
function useLast(data) {
  const last = useRef(null);
  if (data !== null) last.current = data;
  return last.current;
}

function useUplot() {
  const [found, setFound] = useState([null, null]);
  useEffect(() => {
    let isWanted = true;
    loadUplot().then(
      (uPlot) => isWanted && setFound([uPlot, null]),
      (error) => isWanted && setFound([null, error]),
    );
    return () => {
      isWanted = false;
    };
  }, []);
  return found;
}
