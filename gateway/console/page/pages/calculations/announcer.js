// Tells a screen reader what has changed, now and then and in one sentence.

import { count } from "../../core/format.js";
import { html, useEffect, useRef, useState } from "../../core/preact.js";
import { isFinal } from "../../components/status.js";
import { plural } from "./cancel_and_run.js";

const PAUSE_MILLISECONDS = 20_000;

/** <${Announcer} page=${page} />; null: nothing is told. */
export function Announcer({ page }) {
  const [text, setText] = useState("");
  const told = useRef(null);
  const timer = useRef(null);
  const latest = useRef(page);
  latest.current = page;

  useEffect(() => {
    if (page === null || told.current?.query !== page.query) {
      told.current = page;
      return;
    }
    timer.current ??= setTimeout(() => {
      timer.current = null;
      const said = differences(told.current, latest.current);
      told.current = latest.current;
      if (said) setText(said);
    }, PAUSE_MILLISECONDS);
  }, [page]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return html`<p class="visually-hidden" role="status" data-announcer>${text}</p>`;
}

function differences(before, now) {
  if (before === null || now === null || before.query !== now.query) return "";
  let added = 0;
  let ended = 0;
  for (const [id, document] of now.documents) {
    const former = before.documents.get(id);
    if (former === undefined) added += 1;
    else if (!isFinal(former.status) && isFinal(document.status)) ended += 1;
  }
  const parts = [
    added > 0 && `${count(added)} new ${plural(added)}`,
    ended > 0 && `${count(ended)} ${ended === 1 ? "has" : "have"} ended`,
  ].filter(Boolean);
  return parts.length > 0 ? `${parts.join(", ")}.` : "";
}
