// What narrows the list. All of it is in the URL, which can be shared.

import { Field } from "../../components/field.js";
import { Icon } from "../../components/icon.js";
import { html, useId, useState } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { Link, navigate } from "../../core/router.js";
import { STATUSES, urlOf } from "./filters.js";
import { IdField } from "./id_field.js";
import { TimeFields } from "./time_fields.js";

/** <${FilterBar} filters=${filters} length=${50} /> */
export function FilterBar({ filters, length }) {
  const change = (changed, options) => {
    navigate(urlOf({ ...filters, ...changed }, length), options);
  };
  const isNarrowed = Object.keys(filters).length > 0;
  const { status: _, ...others } = filters;
  // Narrow screens show the fields when they are asked for.
  const [isOpen, setOpen] = useState(Object.keys(others).length > 0);
  const fields = useId();
  return html`<section class="filters ${isOpen ? "is-open" : ""}" aria-label="Filters">
    <${StatusChoice} filters=${filters} length=${length} />
    <button type="button" class="button filters-more" aria-expanded=${isOpen ? "true" : "false"}
      aria-controls=${fields} onClick=${() => setOpen(!isOpen)}>
      <${Icon} name="search" />${isOpen ? "Hide filters" : "Filter"}
    </button>
    <div class="filters-fields" id=${fields}>
      <${FunctionField} value=${filters.function} onChange=${(name) => change({ function: name })} />
      <${LaneField} value=${filters.lane} onChange=${(lane) => change({ lane })} />
      <${TimeFields} after=${filters.created_after} before=${filters.created_before}
        onChange=${([after, before]) => change({ created_after: after, created_before: before })} />
      <${IdField} value=${filters.id} onChange=${(id) => change({ id }, { replace: true })} />
      ${isNarrowed && html`<${Link} href=${urlOf({}, length)} class="button filters-clear">
        <${Icon} name="close" />Clear filters<//>`}
    </div>
  </section>`;
}

function StatusChoice({ filters, length }) {
  const link = (status, text) => html`<${Link} key=${text} class="filters-status"
    href=${urlOf({ ...filters, status }, length)}
    aria-current=${filters.status === status ? "true" : undefined}>${text}<//>`;
  return html`<nav class="filters-statuses" aria-label="Status">
    ${link(undefined, "All")}
    ${STATUSES.map((status) => link(status, status[0].toUpperCase() + status.slice(1)))}
  </nav>`;
}

function FunctionField({ value, onChange }) {
  const { data } = useResource("/functions");
  const names = data === null ? [] : data.functions.map(({ name }) => name);
  // One that is no longer installed still has calculations.
  if (value && !names.includes(value)) names.push(value);
  return html`<${Choice} label="Function" any="All functions" value=${value} names=${names}
    onChange=${onChange} />`;
}

function LaneField({ value, onChange }) {
  return html`<${Choice} label="Lane" any="Both lanes" value=${value} names=${["quick", "heavy"]}
    onChange=${onChange} />`;
}

function Choice({ label, any, value, names, onChange }) {
  return html`<${Field} label=${label}>${(props) => html`
    <select class="input" ...${props} value=${value ?? ""}
      onChange=${(event) => onChange(event.target.value || undefined)}>
      <option value="">${any}</option>
      ${names.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
    </select>`}<//>`;
}
