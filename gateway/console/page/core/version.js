// Whether the service has another console by now than the one that runs here. After an outage it may
// have been upgraded, and what this page has not loaded yet would be missing.

import { useConnection } from "./connection.js";
import { useEffect, useRef, useState } from "./preact.js";

/** Where the files of this version are. */
const FILES = new URL("../", import.meta.url).pathname;

/** Return whether there is a newer version, which is looked for after each outage. */
export function useIsOutdated() {
  const { isDown } = useConnection();
  const wasDown = useRef(false);
  const [isOutdated, setOutdated] = useState(false);
  useEffect(() => {
    if (wasDown.current && !isDown) look(setOutdated);
    wasDown.current = isDown;
  }, [isDown]);
  return isOutdated;
}

async function look(setOutdated) {
  try {
    const response = await fetch("/console", { cache: "no-store" });
    if (response.ok) setOutdated(!(await response.text()).includes(FILES));
  } catch {
    // After the next outage it is looked for again.
  }
}
