// When calculations were created: lately, or between two times of the reader's zone.

import { Field } from "../../components/field.js";
import { serviceNow } from "../../core/clock.js";
import { html, useState } from "../../core/preact.js";

const MINUTE = 60_000;
const LATELY = [
  ["Last 15 minutes", 15 * MINUTE],
  ["Last hour", 60 * MINUTE],
  ["Last 24 hours", 24 * 60 * MINUTE],
  ["Last 7 days", 7 * 24 * 60 * MINUTE],
];

/** <${TimeFields} after before onChange=${([after, before]) => …} />; RFC 3339 in UTC. */
export function TimeFields({ after, before, onChange }) {
  const [isOpen, setOpen] = useState(false);
  const isBetween = isOpen || Boolean(after || before);
  const choose = ({ target: { value } }) => {
    setOpen(value === "between");
    if (value === "") onChange([undefined, undefined]);
    // To the minute, so that many who look at the same time look at the same list.
    else if (value !== "between") onChange([utc(serviceNow() - Number(value)), undefined]);
  };
  return html`<${Field} label="Created">${(props) => html`
      <select class="input" ...${props} value=${isBetween ? "between" : ""} onChange=${choose}>
        <option value="">Any time</option>
        ${LATELY.map(([text, length]) => html`<option key=${text} value=${length}>${text}</option>`)}
        <option value="between">Between…</option>
      </select>`}<//>
    ${isBetween && html`
      <${TimeField} label="From" value=${after} onChange=${(at) => onChange([at, before])} />
      <${TimeField} label="To" value=${before} onChange=${(at) => onChange([after, at])} />`}`;
}

function TimeField({ label, value, onChange }) {
  const change = ({ target }) => {
    // Half of a time is not one yet.
    if (target.validity.badInput) return;
    onChange(target.value ? utc(new Date(target.value).getTime()) : undefined);
  };
  return html`<${Field} label=${label}>${(props) => html`<input type="datetime-local" class="input"
    ...${props} value=${local(value)} onChange=${change} />`}<//>`;
}

function utc(milliseconds) {
  const minute = new Date(Math.floor(milliseconds / MINUTE) * MINUTE);
  return minute.toISOString().replace(":00.000Z", ":00Z");
}

/** The time in the reader's zone, as the control has it. */
function local(rfc3339) {
  const time = new Date(rfc3339 ?? NaN);
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() - time.getTimezoneOffset() * MINUTE).toISOString().slice(0, 16);
}
