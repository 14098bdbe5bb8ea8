// How uPlot draws a chart: its scales, axes, colours and lines.

import { count } from "../../core/format.js";
import { clock } from "./series.js";

const DAY_SECONDS = 86400;
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const FONT = "12px system-ui, sans-serif";
const LOGARITHMIC = 3;

/** Return uPlot's options; `onPoint` is told the place of the pointer, or null. */
export function optionsOf({ chart, lines, onPoint, Plot, width, height }) {
  const colours = getComputedStyle(document.documentElement);
  const colour = (name) => colours.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--border"), width: 1 },
    ticks: { show: false },
    font: FONT,
    gap: 6,
  };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 20, 0, 0],
    cursor: {
      sync: { key: "system", setSeries: false },
      drag: { x: false, y: false },
      points: { size: 6 },
    },
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx ?? null)] },
    scales: { x: { time: true }, y: scaleOf(chart, lines) },
    axes: [
      { ...axis, size: 28, space: 64, values: (plot, times) => labels(plot, times) },
      {
        ...axis,
        size: 58,
        space: 32,
        ...(chart.isLogarithmic ? { splits: decades, filter: (_, values) => values } : {}),
        values: (_, values) => values.map(chart.isLogarithmic ? powerOfTen : chart.show),
      },
    ],
    series: [
      { value: (_, time) => clock(time) },
      ...lines.map(({ label, colour: name, isDashed }) => ({
        label,
        stroke: colour(name),
        width: 1.75,
        dash: isDashed ? [4, 3] : undefined,
        paths: Plot.paths.linear(),
        // A point between two gaps would have no line.
        points: { show: true, size: 4, fill: colour(name), filter: lonePoints },
      })),
    ],
  };
}

function scaleOf(chart, lines) {
  const known = lines.flatMap(({ values }) => values.filter((value) => value !== null));
  if (chart.isLogarithmic && known.length > 0) return { distr: LOGARITHMIC, log: 10 };
  // From 0 on, and never a line on the upper edge.
  return { range: (_, least, most) => [0, most > 0 ? most * 1.15 : 1] };
}

/** The powers of ten within a logarithmic scale, at most five of them. */
function decades(_plot, _axis, least, most) {
  const first = Math.ceil(Math.log10(least) - 1e-9);
  const last = Math.floor(Math.log10(most) + 1e-9);
  const every = Math.max(1, Math.ceil((last - first) / 4));
  const powers = [];
  for (let power = first; power <= last; power += every) powers.push(10 ** power);
  return powers;
}

function powerOfTen(seconds) {
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
  return seconds < 1 ? `${Math.round(seconds * 1e3)} ms` : `${count(Math.round(seconds))} s`;
}

function labels(plot, times) {
  const span = plot.scales.x.max - plot.scales.x.min;
  const format = span > 2 * DAY_SECONDS ? DAY : CLOCK;
  return times.map((time) => format.format(new Date(time * 1000)));
}

function lonePoints(plot, series) {
  const values = plot.data[series];
  const places = [];
  values.forEach((value, place) => {
    const [before, after] = [values[place - 1] ?? null, values[place + 1] ?? null];
    if (value !== null && before === null && after === null) places.push(place);
  });
  return places;
}
