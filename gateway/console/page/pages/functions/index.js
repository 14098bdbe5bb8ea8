// /console/functions: the catalogue.

import { Icon } from "../../components/icon.js";
import { Empty, Loading } from "../../components/note.js";
import { ProblemNote } from "../../components/problem.js";
import { Cell, Row, Table } from "../../components/table.js";
import { html, useState } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { Link, useTitle } from "../../core/router.js";
import { newCalculationPath } from "../new/query.js";
import { LoadProblems } from "./load_problems.js";
import { matching } from "./matching.js";
import { kindText, packageText } from "./parts.js";
import { SearchField } from "./search_field.js";

export { FunctionPage } from "./one.js";

const COLUMNS = [
  "Function",
  "Returns",
  "Lane",
  "Check",
  "Package",
  { label: html`<span class="visually-hidden">New calculation</span>` },
];

export function FunctionsPage() {
  useTitle("Functions");
  const { data, problem, reload } = useResource("/functions");
  const [words, setWords] = useState("");
  const found = data === null ? [] : matching(data.functions, words);
  return html`
    <div class="page-head">
      <h1>Functions</h1>
      ${data?.functions.length > 0 &&
      html`<${SearchField} words=${words} onChange=${setWords} count=${found.length} />`}
    </div>
    ${data === null && !problem && html`<${Loading}>Loading the functions…<//>`}
    ${data === null && problem && html`<${ProblemNote} problem=${problem} onRetry=${reload} />`}
    ${data !== null && html`<${LoadProblems} problems=${data.problems} />`}
    ${data !== null && found.length === 0 && html`<${Nothing} isSearch=${words !== ""} />`}
    ${found.length > 0 &&
    html`<${Table} label="Functions" columns=${COLUMNS} class="functions-table">
      ${found.map((one) => html`<${FunctionRow} key=${one.name} described=${one} />`)}
    <//>`}
  `;
}

function FunctionRow({ described }) {
  const { name, summary, version, result, lane, check } = described;
  const path = `/console/functions/${encodeURIComponent(name)}`;
  return html`<${Row}>
    <${Cell} class="function-cell">
      <span class="function-title">
        <${Link} class="mono" href=${path}>${name}<//>
        ${version > 1 && html`<span class="muted">version ${version}</span>`}
      </span>
      <span class="muted function-summary">${summary === name ? "" : summary}</span>
    <//>
    <${Cell} label="Returns"><span title=${result.media_type}>${kindText(result)}</span><//>
    <${Cell} label="Lane">${lane ?? "by estimate"}<//>
    <${Cell} label="Check">${check ?? "none"}<//>
    <${Cell} label="Package">${packageText(described.package)}<//>
    <${Cell} class="function-action">
      <${Link}
        class="button"
        href=${newCalculationPath(name)}
        aria-label=${`New calculation of ${name}`}
      >
        <${Icon} name="plus" />New
      <//>
    <//>
  <//>`;
}

function Nothing({ isSearch }) {
  if (isSearch) {
    return html`<${Empty} title="No function matches">
      <p>Search for a part of a name, of a description or of a package.</p>
    <//>`;
  }
  return html`<${Empty} title="No functions are installed">
    <p>Install a package of functions, and restart the service.</p>
    <p><code>reckoner new-function NAME</code> writes a package to start from.</p>
  <//>`;
}
