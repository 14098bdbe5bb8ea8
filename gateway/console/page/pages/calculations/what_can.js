// What can be done with a calculation, and what a key must be allowed for it.

import { toJson } from "../../core/json.js";

/** The statuses of those that can be cancelled, and of those that can be run again. */
export const CANCELLABLE = ["queued", "running"];
export const REPEATABLE = ["failed", "cancelled"];

/** Return whether it can be cancelled. */
export function canBeCancelled({ status }) {
  return CANCELLABLE.includes(status);
}

/** Return whether it can be run again. */
export function canBeRunAgain({ status }) {
  return REPEATABLE.includes(status);
}

/** The name of a calculation in a sentence. */
export function nameOf(document, argumentsText) {
  return `${document.function}(${argumentsText(document.arguments, 60)})`;
}

/** Return parts of a list of calculations, each small enough for a batch. */
export function* batches(documents, most, mostCharacters) {
  let part = [];
  let length = 0;
  for (const { function: name, arguments: given } of documents) {
    const size = toJson(given).length + name.length + 40;
    if (part.length === most || (part.length > 0 && length + size > mostCharacters)) {
      yield part;
      part = [];
      length = 0;
    }
    part.push({ function: name, arguments: given });
    length += size;
  }
  if (part.length > 0) yield part;
}
