// /console/new: choose a function; /console/new/{function}: fill in its arguments.

import { Icon } from "../../components/icon.js";
import { Empty, Loading } from "../../components/note.js";
import { ProblemNote } from "../../components/problem.js";
import { html } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { Link, useTitle } from "../../core/router.js";
import { usePage } from "../../routes.js";
import { CalculationForm } from "./form.js";

/** Loaded when it is shown: whoever comes by a link to a form does not need it. */
const CHOICE = { load: () => import("./chooser.js"), name: "ChoicePage" };

/** @param {{name?: string}} props name: of the function, if it is chosen */
export function NewPage({ name }) {
  useTitle(name ? `New calculation of ${name}` : "New calculation");
  return name ? html`<${FormPage} name=${name} />` : html`<${Choice} />`;
}

function Choice() {
  const { Page, error } = usePage(CHOICE);
  return html`
    <div class="page-head"><h1>New calculation</h1></div>
    ${Page && html`<${Page} />`} ${!Page && !error && html`<${Loading} />`}
    ${error && html`<${ProblemNote} problem=${error} onRetry=${() => location.reload()} />`}
  `;
}

function FormPage({ name }) {
  const path = encodeURIComponent(name);
  const { data, problem, reload } = useResource(`/functions/${path}`);
  return html`
    <div class="new-heading">
      <h1>New calculation: <span class="mono">${name}</span></h1>
      <p>
        <${Link} href="/console/new"><${Icon} name="back" />Other functions<//>
        <${Link} href=${`/console/functions/${path}`}>About this function<//>
      </p>
    </div>
    ${data === null && !problem && html`<${Loading}>Loading the function…<//>`}
    ${data === null && problem && html`<${NotThere} ...${{ name, problem, reload }} />`}
    ${data !== null &&
    html`
      <p class="new-about">${data.summary}</p>
      <${CalculationForm} key=${name} described=${data} />
    `}
  `;
}

function NotThere({ name, problem, reload }) {
  if (problem.status !== 404) return html`<${ProblemNote} problem=${problem} onRetry=${reload} />`;
  return html`<${Empty} title=${`There is no function named ${name}`}>
    <p>It may have been removed, or could not be loaded.</p>
    <p><${Link} href="/console/functions">See the functions<//></p>
  <//>`;
}
