// /console/new: choose a function; /console/new/{function}: fill in its arguments.

import { Icon } from "../../components/icon.js";
import { Empty, Loading, Note } from "../../components/note.js";
import { ProblemNote } from "../../components/problem.js";
import { html } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { Link, useTitle } from "../../core/router.js";
import { Prose } from "../functions/prose.js";
import { FunctionChooser } from "./chooser.js";
import { CalculationForm } from "./form.js";

/** @param {{name?: string}} props name: of the function, if it is chosen */
export function NewPage({ name }) {
  const { data, problem, reload } = useResource("/functions");
  useTitle(name ? `New calculation of ${name}` : "New calculation");
  const described = data?.functions.find((one) => one.name === name);
  return html`
    <div class="page-head">
      <div class="new-heading">
        <h1>New calculation${name && html`: <span class="mono">${name}</span>`}</h1>
        ${name &&
        html`<p>
          <${Link} href="/console/new"><${Icon} name="back" />Other functions<//>
          <${Link} href=${`/console/functions/${encodeURIComponent(name)}`}>About this function<//>
        </p>`}
      </div>
    </div>
    ${data === null && !problem && html`<${Loading}>Loading the functions…<//>`}
    ${data === null && problem && html`<${ProblemNote} problem=${problem} onRetry=${reload} />`}
    ${data !== null && !name && html`<${Choice} catalogue=${data} />`}
    ${data !== null && name && !described && html`<${Unknown} name=${name} />`}
    ${described &&
    html`
      <div class="new-about"><${Prose} text=${described.summary} /></div>
      <${CalculationForm} key=${name} described=${described} />
    `}
  `;
}

function Choice({ catalogue }) {
  const failed = catalogue.problems.length;
  return html`
    <p class="muted">Choose what to calculate.</p>
    ${failed > 0 &&
    html`<${Note} kind="warning">
      <p>
        ${failed === 1 ? "One installed function" : `${failed} installed functions`} could not be
        loaded. <${Link} href="/console/functions">See why<//>
      </p>
    <//>`}
    <${FunctionChooser} functions=${catalogue.functions} />
  `;
}

function Unknown({ name }) {
  return html`<${Empty} title=${`There is no function named ${name}`}>
    <p>It may have been removed, or could not be loaded.</p>
    <p><${Link} href="/console/functions">See the functions<//></p>
  <//>`;
}
