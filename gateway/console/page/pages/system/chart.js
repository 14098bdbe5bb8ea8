// One chart: its title, its lines, their names with the value at the pointer, and a table.

import { html, useEffect, useRef, useState } from "../../core/preact.js";
import { useTheme } from "../../core/theme.js";
import { ChartTable } from "./chart_table.js";
import { optionsOf } from "./plot_options.js";
import { clock, inWords, lastKnown } from "./series.js";

const HEIGHT = 160;

/** <${Chart} chart=${CHARTS[0]} history=${history} Plot=${uPlot} /> */
export function Chart({ chart, history, Plot }) {
  const [place, setPlace] = useState(null);
  const { times } = history;
  const lines = chart.lines(history).filter(({ values }) => lastKnown(values) !== null);
  // Another span may have fewer points than there were where the pointer still is.
  const isPointed = place !== null && place < times.length;
  const at = isPointed ? place : Math.max(...lines.map(({ values }) => lastKnown(values)));
  return html`<figure class="card system-chart" id=${`chart-${chart.id}`}>
    <figcaption>
      ${lines.length > 0 &&
      html`<span class="muted system-at" aria-hidden="true">${clock(times[at])}</span>`}
      <h3>${chart.title}</h3>
      <p class="muted">${chart.unit}</p>
      <p class="visually-hidden">${inWords(lines, times, chart.show)}</p>
    </figcaption>
    ${lines.length === 0
      ? html`<p class="muted system-nothing">Nothing in this time.</p>`
      : html`<${Drawing} chart=${chart} lines=${lines} times=${times} Plot=${Plot}
            onPoint=${setPlace} />
          <${Legend} lines=${lines} at=${at} show=${chart.show} />
          <${ChartTable} title=${chart.title} lines=${lines} times=${times} show=${chart.show} />`}
  </figure>`;
}

/** The names of the lines, with their values at a place: where the pointer is, or the last. */
function Legend({ lines, at, show }) {
  return html`<div class="system-legend" aria-hidden="true">
    ${lines.map(
      ({ label, colour, values, isDashed }) => html`<span key=${label}>
        <svg class="system-line" viewBox="0 0 18 4">
          <path d="M1 2h16" class="${colour.slice(2)} ${isDashed ? "system-dashed" : ""}" />
        </svg>
        ${label} <strong>${show(values[at])}</strong>
      </span>`,
    )}
  </div>`;
}

/** What uPlot draws, made again where the lines, the theme or the width change. */
function Drawing({ chart, lines, times, Plot, onPoint }) {
  const box = useRef(null);
  const plot = useRef(null);
  const [theme] = useTheme();
  const isDark = useDarkScheme();
  const names = lines.map(({ label }) => label).join();

  useEffect(() => {
    if (Plot === null) return undefined;
    const data = [times, ...lines.map(({ values }) => values)];
    const width = () => box.current.clientWidth;
    const options = optionsOf({ chart, lines, onPoint, Plot, width: width(), height: HEIGHT });
    plot.current = new Plot(options, data, box.current);
    const watching = new ResizeObserver(() => {
      if (width() > 0) plot.current.setSize({ width: width(), height: HEIGHT });
    });
    watching.observe(box.current);
    return () => {
      watching.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [Plot, chart, names, theme, isDark]);

  useEffect(() => {
    plot.current?.setData([times, ...lines.map(({ values }) => values)]);
  }, [times]);

  return html`<div class="system-drawing" ref=${box} aria-hidden="true" />`;
}

function useDarkScheme() {
  const [query] = useState(() => window.matchMedia("(prefers-color-scheme: dark)"));
  const [isDark, setDark] = useState(query.matches);
  useEffect(() => {
    const changed = () => setDark(query.matches);
    query.addEventListener("change", changed);
    return () => query.removeEventListener("change", changed);
  }, [query]);
  return isDark;
}
