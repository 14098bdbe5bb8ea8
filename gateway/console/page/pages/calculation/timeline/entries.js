// The timeline of a calculation, from its document: only what the document says, in order of time.

import { isFinal } from "../../../components/status.js";
import { endsTheRound, outcomeText } from "./words.js";

const TONES = { succeeded: "good", failed: "bad", cancelled: "warn" };
const ENDS = { succeeded: "Succeeded", failed: "Failed", cancelled: "Cancelled" };
/** The order of what happened at the same millisecond. */
const RANKS = { published: 0, attempt: 1, again: 2 };

/**
 * Return the entries: {kind, title, text, at, seconds, waited, worker, tone}; `at` is null where
 * no time is kept, `seconds` how long it lasted, `waited` the seconds since the entry before.
 * @param {any} document
 */
export function timelineOf(document) {
  const between = attempts(document);
  if (document.published_at) between.push(published(document));
  between.sort((one, other) => one.order - other.order || RANKS[one.kind] - RANKS[other.kind]);
  const missing = document.attempts - attemptsShown(document);
  if (missing > 0) between.unshift(unknown(missing));
  // The first and the last are that even if the clock was set back meanwhile.
  return withWaits([accepted(document), ...between, ...lastOf(document)]);
}

/** Whether it was computed while its request waited, and was never in a queue. */
export function isInline(document) {
  const { created_at: created, started_at: started, finished_at: finished } = document;
  const isAtOnce = created === started && created === finished;
  return isAtOnce && document.status === "succeeded" && !document.published_at;
}

/** Seconds from one time to another, at least 0: a clock may have been set back. */
export function secondsBetween(from, to) {
  if (!from || !to) return null;
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

function entry(kind, at, members) {
  return { kind, at, order: Date.parse(at), until: at, seconds: null, text: null, ...members };
}

function accepted(document) {
  const by = document.submitted_by;
  return entry("accepted", document.created_at, {
    title: "Accepted",
    text: by ? `Submitted with the key ${by}.` : null,
  });
}

function published(document) {
  const isRepeated = document.attempts > 1 || document.history.length > 1;
  return entry("published", document.published_at, {
    title: "Handed to the queue",
    text: isRepeated ? "This is the latest time; earlier ones are not kept." : null,
  });
}

function attempts(document) {
  const entries = [];
  for (const past of document.history) {
    entries.push(
      entry("attempt", past.began_at, {
        title: `Attempt ${past.attempt}`,
        text: outcomeText(past.outcome),
        until: past.ended_at,
        seconds: secondsBetween(past.began_at, past.ended_at),
        worker: past.worker,
        tone: toneOf(past.outcome),
      }),
    );
    if (isSubmittedAgain(document, past)) {
      entries.push({
        ...entry("again", past.ended_at, { title: "Submitted again" }),
        at: null,
        text: "The time of this is not kept.",
      });
    }
  }
  const present = presentAttempt(document);
  return present === null ? entries : [...entries, present];
}

/** The attempt that runs, or that of a quick worker, of which no history is kept. */
function presentAttempt(document) {
  const isKnown = document.history.some((past) => past.attempt === document.attempts);
  if (!document.started_at || isKnown) return null;
  if (document.status === "running") {
    return entry("attempt", document.started_at, {
      title: `Attempt ${document.attempts}`,
      text: "Running.",
      tone: "active",
      until: null,
    });
  }
  return entry("attempt", document.started_at, {
    title: titleOfAttempt(document),
    text: isInline(document) || document.lane !== "quick" ? null : "By a quick worker.",
    seconds: document.compute_seconds,
    until: document.finished_at,
    tone: TONES[document.status],
  });
}

/** An attempt that was handed back or cancelled has not failed. */
function toneOf(outcome) {
  return outcome === "released" ? "warn" : (TONES[outcome] ?? "bad");
}

function titleOfAttempt(document) {
  if (document.status !== "succeeded") return `Attempt ${document.attempts}`;
  return isInline(document) ? "Computed while the request waited" : "Computed";
}

/** Whether a claim ended for good, and the calculation went on nevertheless. */
function isSubmittedAgain(document, past) {
  const isTheEnd = isFinal(document.status) && past.ended_at === document.finished_at;
  return endsTheRound(past.outcome) && !isTheEnd;
}

function attemptsShown(document) {
  const claimed = document.history.length;
  return claimed + (presentAttempt(document) === null ? 0 : 1);
}

function unknown(missing) {
  return {
    kind: "again",
    at: null,
    until: null,
    seconds: null,
    title: missing === 1 ? "An earlier attempt" : `${missing} earlier attempts`,
    text: "No more of this is kept.",
  };
}

function finished(document) {
  const by = document.status === "cancelled" && document.cancelled_by;
  return entry("finished", document.finished_at, {
    title: ENDS[document.status],
    text: by ? `With the key ${by}.` : null,
    tone: TONES[document.status],
  });
}

function lastOf(document) {
  if (isFinal(document.status)) return [finished(document)];
  return document.status === "queued" ? [pending(document)] : [];
}

function pending(document) {
  const isTriedAgain = document.history.length > 0 && !document.published_at;
  return {
    kind: "pending",
    at: null,
    until: null,
    seconds: null,
    tone: "active",
    title: document.published_at ? "Waiting for a worker" : "Waiting its turn",
    text: isTriedAgain ? "It is tried again after a pause." : null,
  };
}

function withWaits(entries) {
  let before = null;
  return entries.map((one) => {
    const waited = before === null ? null : secondsBetween(before, one.at);
    before = one.until ?? before;
    if (one.at === null) before = null;
    return { ...one, waited };
  });
}
