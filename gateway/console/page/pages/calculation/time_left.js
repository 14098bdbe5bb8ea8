// How long a calculation may still take. What nobody can know is unknown, and not a number.

/** An advance that says something of the time that is left. */
const LEAST_ADVANCE = 0.02;

/** Judges by the progress that was seen, as the Python client does. */
export class Pace {
  #attempt = null;
  #first = 0;
  #since = 0;
  #latest = { progress: 0, at: 0 };

  /** Note a document that came at this time, in milliseconds. */
  note(document, now) {
    if (document.attempts !== this.#attempt || document.progress < this.#latest.progress) {
      this.#attempt = document.attempts;
      this.#first = document.progress;
      this.#since = now;
    }
    if (this.#latest.progress !== document.progress || this.#since === now) {
      this.#latest = { progress: document.progress, at: now };
    }
  }

  /**
   * Return the seconds that are left of one that runs, or null if they are unknown.
   * @param {any} document
   * @param {number} now milliseconds
   * @param {number} elapsed seconds since the attempt began, by the service's clock
   */
  secondsLeft(document, now, elapsed) {
    const { progress, at } = this.#latest;
    const advance = progress - this.#first;
    const sinceLatest = (now - at) / 1000;
    if (advance >= LEAST_ADVANCE) {
      const pace = (at - this.#since) / 1000 / advance;
      return rest(pace * (1 - progress), sinceLatest);
    }
    if (progress >= LEAST_ADVANCE) {
      const before = Math.max(0, elapsed - sinceLatest);
      return rest((before * (1 - progress)) / progress, sinceLatest);
    }
    const estimate = document.estimate?.seconds;
    return estimate === null || estimate === undefined ? null : rest(estimate, elapsed);
  }
}

/** What is left of a judgement after a while; one that is long overdue was wrong. */
function rest(judged, since) {
  const left = judged - since;
  if (left >= 0) return left;
  return since - judged > Math.max(2, judged * 0.1) ? null : 0;
}

/** Return "About 12 s left", or that it is unknown. */
export function leftText(seconds) {
  if (seconds === null) return "Time left unknown";
  if (seconds < 1) return "Less than a second left";
  return `About ${roughly(seconds)} left`;
}

/** Return a time with no more precision than a judgement has. */
export function roughly(seconds) {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 24) return `${Math.floor(hours / 24)} d ${hours % 24} h`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
