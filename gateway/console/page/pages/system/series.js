// The charts: which numbers each draws, in which colours, and what it says in words.

import { count, seconds } from "../../core/format.js";

const LANES = [
  { lane: "quick", colour: "--accent" },
  { lane: "heavy", colour: "--chart-violet" },
];

const perMinute = (number) => {
  if (number === null || number === undefined) return "–";
  return number >= 10 ? count(Math.round(number)) : String(Number(number.toPrecision(2)));
};

/** Each has `lines` of a history, with label, colour, and values for the history's times. */
export const CHARTS = [
  {
    id: "throughput",
    title: "Throughput",
    unit: "calculations per minute",
    show: perMinute,
    lines: (history) => [
      { label: "accepted", colour: "--accent", values: rate(history, "accepted") },
      { label: "succeeded", colour: "--ok", values: rate(history, "succeeded") },
      { label: "failed", colour: "--bad", values: rate(history, "failed") },
    ],
  },
  {
    id: "queued",
    title: "Waiting calculations",
    unit: "calculations",
    show: count,
    lines: (history) => byLane(history, "queued"),
  },
  {
    id: "waiting",
    title: "Time until started",
    unit: "of half of them (p50), and of 99 in 100 (p99)",
    show: seconds,
    isLogarithmic: true,
    lines: (history) => percentiles(history, "waiting_seconds"),
  },
  {
    id: "computing",
    title: "Time to compute",
    unit: "of half of them (p50), and of 99 in 100 (p99)",
    show: seconds,
    isLogarithmic: true,
    lines: (history) => percentiles(history, "computing_seconds"),
  },
  {
    id: "outbox",
    title: "Age of the outbox",
    unit: "since accepted work could be published",
    show: seconds,
    lines: (history) => byLane(history, "outbox_age_seconds"),
  },
  {
    id: "workers",
    title: "Workers",
    unit: "processes that are alive",
    show: count,
    lines: (history) => byLane(history, "workers"),
  },
];

function rate({ counted_seconds: counted, lanes }, name) {
  return counted.map((covered, place) => {
    const numbers = Object.values(lanes).map((lane) => lane[name][place]);
    if (!covered || numbers.every((number) => number === null)) return null;
    return (numbers.reduce((sum, number) => sum + (number ?? 0), 0) * 60) / covered;
  });
}

function byLane({ lanes }, name) {
  return LANES.map(({ lane, colour }) => ({ label: lane, colour, values: lanes[lane][name] }));
}

function percentiles({ lanes }, name) {
  return LANES.flatMap(({ lane, colour }) => [
    { label: `${lane} p50`, colour, values: lanes[lane][`${name}_p50`] },
    { label: `${lane} p99`, colour, values: lanes[lane][`${name}_p99`], isDashed: true },
  ]);
}

/** Return what a chart shows, as a sentence for those who do not see it. */
export function inWords(lines, times, show) {
  const parts = lines.map(({ label, values }) => {
    const last = lastKnown(values);
    if (last === null) return `${label}: nothing`;
    const most = values.reduce((best, value, at) => (value > (values[best] ?? -1) ? at : best), 0);
    const peak = `at most ${show(values[most])} at ${clock(times[most])}`;
    return `${label}: ${show(values[last])} last, ${peak}`;
  });
  return `${parts.join("; ")}.`;
}

/** Return the place of the last value that is known, or null. */
export function lastKnown(values) {
  for (let place = values.length - 1; place >= 0; place -= 1) {
    if (values[place] !== null) return place;
  }
  return null;
}

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY_CLOCK = new Intl.DateTimeFormat("en-GB", {
  day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});

/** Return a time in the reader's zone; with its day unless that is today. */
export function clock(time) {
  const date = new Date(time * 1000);
  const isToday = date.toDateString() === new Date().toDateString();
  return (isToday ? CLOCK : DAY_CLOCK).format(date);
}
