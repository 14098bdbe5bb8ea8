// What outcomes and failures mean, in words, and what to do about them.

const PREFIX = "urn:reckoner:problem:";

/** Outcomes of an attempt after which the service tries again by itself. */
const OUTCOMES = {
  succeeded: "Succeeded.",
  cancelled: "Cancelled.",
  released: "Handed back: its worker stopped. This attempt does not count.",
  lost: "Lost: its worker died, or could not be reached any more.",
  killed: "Its process was killed from outside.",
  crashed: "Its process crashed.",
  "out-of-memory": "The kernel killed its process: the machine ran out of memory.",
  "not-started": "No process could be created for it.",
  "function-failed": "The function failed.",
  "function-gone": "No worker had the function in this version.",
  "memory-limit": "It needed more memory than it may use.",
  "process-died": "Its process ended without a result.",
  "result-invalid": "The function returned no valid result.",
  "result-wrong": "The result failed its check.",
  "time-limit": "It took longer than it may.",
  "worker-lost": "The workers that ran it were lost.",
};

const ENDINGS = new Set(["succeeded", "cancelled"]);

/** What to do about a calculation that has no result, by the name of its problem. */
const REMEDIES = {
  cancelled: "Run it again if you still want its result.",
  "function-failed":
    "It fails again with the same arguments, unless the function depends on something else. " +
    "Correct the arguments, or tell the function's author.",
  "function-gone":
    "Have the operator install the function on the workers of this lane, then run it again.",
  "memory-limit": "Choose smaller arguments, or have the operator raise the memory limit.",
  "process-died":
    "The attempts below and the worker's log say how. A crash is a fault of the function or of a " +
    "library that it uses, as a rule.",
  "result-invalid": "Tell the function's author: it returns what it does not promise.",
  "result-wrong":
    "Run it again. If it fails again, the function or its check is wrong; if it does not, suspect " +
    "the machine's memory.",
  "time-limit": "Choose smaller arguments, or have the operator raise the time limit.",
  "worker-lost":
    "Have the operator read the workers' logs, then run it again. A calculation that kills its " +
    "worker looks the same as a machine without power.",
};

/** The name of an outcome or of a problem's type, without the prefix that all types have. */
export function nameOf(type) {
  const text = String(type ?? "");
  return text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
}

export function outcomeText(outcome) {
  const name = nameOf(outcome);
  return OUTCOMES[name] ?? name;
}

/** Whether nothing follows such an attempt, unless somebody submits the calculation again. */
export function endsTheRound(outcome) {
  return ENDINGS.has(outcome) || String(outcome).startsWith(PREFIX);
}

export function remedyFor(error) {
  return REMEDIES[nameOf(error?.type)] ?? "Run it again, or tell the operator.";
}
