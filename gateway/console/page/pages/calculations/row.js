// One calculation of the list.

import { Icon } from "../../components/icon.js";
import { Moment } from "../../components/moment.js";
import { Progress } from "../../components/progress.js";
import { Status } from "../../components/status.js";
import { Cell, Row } from "../../components/table.js";
import { argumentsText, bytes, count, seconds, shortId } from "../../core/format.js";
import { Component, html } from "../../core/preact.js";
import { Link } from "../../core/router.js";
import { useNow } from "../../core/times.js";
import { canBeCancelled, canBeRunAgain } from "./what_can.js";

const SHOWN_CHARACTERS = 90;
const TITLE_CHARACTERS = 600;

/**
 * A row; as long as nothing of it changes, nothing of it is rendered again.
 *
 * Not by useMemo: what that keeps of one rendering keeps the whole list of that time in memory.
 */
export class CalculationRow extends Component {
  shouldComponentUpdate(next) {
    return Object.keys(next).some((name) => next[name] !== this.props[name]);
  }

  render(properties) {
    return draw(properties);
  }
}

function draw(properties) {
  const { document, isSelected, hasLeft, isFresh, toggle } = properties;
  const { id, status } = document;
  const classes = [
    isSelected && "is-selected", hasLeft && "has-left", isFresh && "is-fresh",
  ].filter(Boolean).join(" ");
  const name = `${document.function} ${shortId(id)}`;
  const action = actionOf(properties, name);
  const choose = (event) => toggle(id, { isRange: event.shiftKey, isOn: event.target.checked });
  return html`<${Row} class=${classes} data-id=${id}
    title=${hasLeft ? "It is no longer on this page of the list, and not refreshed." : undefined}>
    <${Cell} class="calculations-check">
      <input type="checkbox" aria-label="Select ${name}" checked=${isSelected} onClick=${choose} />
    <//>
    <${Cell} class="calculations-status">
      <${Status} of=${status} />
      ${status === "running" && html`<${Progress} value=${document.progress}
        label="Progress of ${name}" />`}
    <//>
    <${Cell} class="calculations-function">
      <${Link} href="/console/calculations/${id}">${document.function}<//>
      <span class="muted mono">${shortId(id)}</span>
    <//>
    <${Cell} label="Arguments" class="calculations-arguments">
      <span class="mono" title=${argumentsText(document.arguments, TITLE_CHARACTERS)}>
        ${argumentsText(document.arguments, SHOWN_CHARACTERS) || "none"}</span>
      ${status === "failed" && html`<span class="calculations-error">${reasonOf(document)}</span>`}
    <//>
    <${Cell} label="Created" class="calculations-created"><${Moment} at=${document.created_at} /><//>
    <${Cell} label="Duration" class="number"><${Duration} document=${document} /><//>
    <${Cell} label="Size" class="number">${sizeOf(document.result)}<//>
    <${Cell} class="calculations-do">
      ${action && html`<${Act} ...${action} />`}
    <//>
  <//>`;
}

/** One button whatever it does: who has just cancelled is still on it, by keyboard. */
function actionOf({ document, cancel, runAgain, whyNotCancel, whyNotRun }, name) {
  if (canBeCancelled(document)) {
    const onClick = () => cancel(document);
    return { icon: "cancel", label: `Cancel ${name}`, why: whyNotCancel, onClick };
  }
  if (canBeRunAgain(document)) {
    const onClick = () => runAgain(document);
    return { icon: "refresh", label: `Run ${name} again`, why: whyNotRun, onClick };
  }
  return null;
}

function Act({ icon, label, why, onClick }) {
  return html`<button type="button" class="button button-icon" aria-label=${label}
    title=${why ?? label} aria-disabled=${why ? "true" : undefined}
    onClick=${() => why ?? onClick()}><${Icon} name=${icon} /></button>`;
}

function Duration({ document }) {
  const { status, estimate } = document;
  if (status === "running") return html`<${Elapsed} since=${document.started_at} />`;
  if (document.compute_seconds !== null) return seconds(document.compute_seconds);
  if (status !== "queued" || estimate === null) return "–";
  return html`<span class="muted" title="Estimated">≈ ${seconds(estimate.seconds)}</span>`;
}

function Elapsed({ since }) {
  const now = useNow();
  return seconds(Math.max(0, Math.floor((now - new Date(since).getTime()) / 1000)));
}

function sizeOf(result) {
  if (result === null) return "–";
  return result.digits === undefined ? bytes(result.length) : `${count(result.digits)} digits`;
}

function reasonOf({ error }) {
  return error?.title ?? error?.detail ?? "Failed";
}
