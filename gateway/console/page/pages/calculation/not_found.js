// What stands here for an id that leads to no calculation.

import { Empty } from "../../components/note.js";
import { html } from "../../core/preact.js";
import { Link, useTitle } from "../../core/router.js";

const MAX_CHARACTERS = 100;

export function CalculationNotFound({ id, isMalformed = false }) {
  useTitle("No such calculation");
  const shown = id.length > MAX_CHARACTERS ? `${id.slice(0, MAX_CHARACTERS)}…` : id;
  return html`<h1>No such calculation</h1>
    <${Empty} title=${isMalformed ? "This is not the id of a calculation" : "No calculation has this id"}>
      <p><code>${shown}</code></p>
      <p>${isMalformed
        ? "An id has 32 hexadecimal digits in five groups. Copy the whole of it."
        : "Nobody has submitted it, or it was removed together with its result to free space."}</p>
      <p class="row">
        <${Link} class="button button-primary" href="/">All calculations<//>
        <${Link} class="button" href="/console/new">New calculation<//>
      </p>
    <//>`;
}
