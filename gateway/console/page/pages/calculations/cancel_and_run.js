// Cancels and repeats: of one, of those that are selected, of all that match. Each asks before.

import { confirm } from "../../components/confirm.js";
import { api } from "../../core/api.js";
import { argumentsText, count } from "../../core/format.js";
import { cursorOf, queryOf } from "./filters.js";
import {
  CANCELLABLE, REPEATABLE, batches, canBeCancelled, canBeRunAgain, nameOf,
} from "./what_can.js";

/** At most so many are run again by one press: it is a loop of this page. */
const MOST_RUN_AGAIN = 10_000;
const PAGE = 500;
const MOST_IN_BATCH = 1_000;
const MOST_BATCH_CHARACTERS = 1_000_000;
const MOST_IDS = 10_000;

/** Beginning of time: a condition that all fulfil, for a cancel without another. */
const ALL_TIME = "1970-01-01T00:00:00Z";

/** Ask, and cancel one; return what to say of it, or null. */
export async function cancelOne(document) {
  const isSure = await confirm({
    title: "Cancel this calculation?",
    text: `${nameOf(document, argumentsText)} is ${document.status}. Whoever else has submitted it ` +
      "gets no result either.",
    action: "Cancel the calculation",
    danger: true,
  });
  if (!isSure) return null;
  const { status } = await api.delete(`/calculations/${document.id}`);
  return status === "cancelled" ? "Cancelled" : "Its worker stops it within two seconds";
}

/** Ask, and run one again; return what to say of it, or null. */
export async function runOneAgain(document) {
  const isSure = await confirm({
    title: "Run this calculation again?",
    text: `${nameOf(document, argumentsText)} has ${ended(document)}. It is queued again.`,
    action: "Run it again",
  });
  if (!isSure) return null;
  const { function: name, arguments: given } = document;
  await api.post("/calculations", { function: name, arguments: given });
  return "Queued again";
}

/** Ask, and cancel those of these that can be cancelled. */
export async function cancelThese(documents, job) {
  const chosen = documents.filter(canBeCancelled);
  if (!(await askToCancel(count(chosen.length), chosen.length))) return null;
  const done = { cancelled: 0, cancelling: 0 };
  for (let at = 0; at < chosen.length; at += MOST_IDS) {
    const ids = chosen.slice(at, at + MOST_IDS).map(({ id }) => id);
    await cancelAllPages({ ids }, done, job);
  }
  return cancelledText(done);
}

/** Ask, and cancel all that match these filters and can be cancelled. */
export async function cancelMatching(filters, job) {
  const found = await countMatching(filters, CANCELLABLE);
  if (found.count === 0) return "None of them is queued or running";
  if (!(await askToCancel(countText(found), found.isExact ? found.count : 2))) return null;
  const body = Object.keys(filters).length > 0 ? filters : { created_after: ALL_TIME };
  const done = { cancelled: 0, cancelling: 0 };
  await cancelAllPages(body, done, job);
  return cancelledText(done);
}

/** Ask, and run those of these again that can be. */
export async function runTheseAgain(documents, job) {
  const chosen = documents.filter(canBeRunAgain);
  if (!(await askToRunAgain(count(chosen.length), chosen.length, ""))) return null;
  return runAgainText(await submitAll(chosen, job, 0));
}

/** Ask, and run all again that match these filters and can be, newest first. */
export async function runMatchingAgain(filters, job) {
  const found = await countMatching(filters, REPEATABLE);
  if (found.count === 0) return "None of them has failed or was cancelled";
  const bound = found.count >= MOST_RUN_AGAIN && !found.isExact
    ? ` It goes through the newest ${count(MOST_RUN_AGAIN)}; repeat it for the rest.` : "";
  if (!(await askToRunAgain(countText(found), found.isExact ? found.count : 2, bound))) return null;
  let done = 0;
  for (const status of found.statuses) {
    let cursor = null;
    do {
      const query = queryOf({ ...filters, status });
      query.set("limit", PAGE);
      if (cursor !== null) query.set("cursor", cursor);
      const page = await api.get(`/calculations?${query}`, { signal: job.signal });
      done = await submitAll(page.calculations.slice(0, MOST_RUN_AGAIN - done), job, done);
      cursor = cursorOf(page.next);
    } while (cursor !== null && done < MOST_RUN_AGAIN);
  }
  return runAgainText(done);
}

async function cancelAllPages(body, done, job) {
  let cursor = null;
  do {
    const part = cursor === null ? body : { ...body, cursor };
    const answer = await api.post("/calculations/cancel", part, { signal: job.signal });
    done.cancelled += answer.cancelled;
    done.cancelling += answer.cancelling;
    cursor = answer.next;
    job.note(`${count(done.cancelled + done.cancelling)} cancelled so far`);
  } while (cursor !== null);
}

async function submitAll(documents, job, before) {
  let done = before;
  for (const part of batches(documents, MOST_IN_BATCH, MOST_BATCH_CHARACTERS)) {
    await api.post("/calculations/batch", { calculations: part }, { signal: job.signal });
    done += part.length;
    job.note(`${count(done)} queued again so far`);
  }
  return done;
}

/** Count those of some statuses; `statuses` are those that the filters leave. */
async function countMatching(filters, statuses) {
  const left = statuses.filter((status) => [undefined, status].includes(filters.status));
  const answers = await Promise.all(
    left.map((status) => api.get(`/calculations/count?${queryOf({ ...filters, status })}`)),
  );
  return {
    count: answers.reduce((sum, one) => sum + one.count, 0),
    isExact: answers.every((one) => one.is_exact),
    statuses: left,
  };
}

function askToCancel(text, number) {
  return confirm({
    title: `Cancel ${text} ${plural(number)}?`,
    text: "Those that are queued are cancelled at once, those that are running within two " +
      "seconds. Whoever else has submitted them gets no result either.",
    action: number === 1 ? "Cancel it" : "Cancel them",
    danger: true,
  });
}

function askToRunAgain(text, number, bound) {
  return confirm({
    title: `Run ${text} ${plural(number)} again?`,
    text: `Those that have failed or were cancelled are queued again.${bound}`,
    action: number === 1 ? "Run it again" : "Run them again",
  });
}

function cancelledText({ cancelled, cancelling }) {
  const running = cancelling > 0 ? `, ${count(cancelling)} running ${
    cancelling === 1 ? "one stops" : "ones stop"} within two seconds` : "";
  return `${count(cancelled)} cancelled${running}`;
}

function runAgainText(done) {
  return `${count(done)} ${plural(done)} queued again`;
}

/** "1,234", or "more than 10,000" */
export function countText({ count: number, isExact }) {
  return isExact ? count(number) : `more than ${count(number)}`;
}

/** "calculation" or "calculations" */
export function plural(number) {
  return number === 1 ? "calculation" : "calculations";
}

function ended({ status }) {
  return status === "failed" ? "failed" : "been cancelled";
}
