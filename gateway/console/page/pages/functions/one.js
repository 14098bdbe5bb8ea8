// /console/functions/{name}: all about one function.

import { Icon } from "../../components/icon.js";
import { Empty, Loading } from "../../components/note.js";
import { ProblemNote } from "../../components/problem.js";
import { html } from "../../core/preact.js";
import { toJson } from "../../core/json.js";
import { useResource } from "../../core/resource.js";
import { Link, useTitle } from "../../core/router.js";
import { newCalculationPath } from "../new/query.js";
import { exampleText } from "../new/examples.js";
import { ArgumentsTable } from "./arguments_table.js";
import { EstimatesTable } from "./estimates_table.js";
import { Facts } from "./parts.js";
import { Prose } from "./prose.js";

/** @param {{name: string}} props */
export function FunctionPage({ name }) {
  const { data, problem, reload } = useResource(`/functions/${encodeURIComponent(name)}`);
  useTitle(name);
  return html`
    <p><${Link} href="/console/functions"><${Icon} name="back" />All functions<//></p>
    <div class="page-head">
      <h1><span class="mono">${name}</span></h1>
      ${data &&
      html`<${Link} class="button button-primary" href=${newCalculationPath(name)}>
        <${Icon} name="plus" />New calculation
      <//>`}
    </div>
    ${data === null && !problem && html`<${Loading} />`}
    ${data === null && problem?.status === 404 && html`<${Unknown} problem=${problem} />`}
    ${data === null &&
    problem &&
    problem.status !== 404 &&
    html`<${ProblemNote} problem=${problem} onRetry=${reload} />`}
    ${data && html`<${About} described=${data} />`}
  `;
}

function About({ described }) {
  const { name, description, summary, arguments: schema, estimates, examples } = described;
  const sized = Object.keys(schema.properties ?? {})[0];
  return html`
    <${Prose} text=${description || summary} />
    <div class="function-columns">
      <div class="stack function-main">
        <section class="stack stack-small" aria-labelledby="arguments-heading">
          <h2 id="arguments-heading">Arguments</h2>
          <${ArgumentsTable} schema=${schema} />
        </section>
        ${examples?.length > 0 && html`<${Examples} name=${name} examples=${examples} />`}
        ${estimates.length > 0 &&
        html`<section class="stack stack-small" aria-labelledby="estimates-heading">
          <h2 id="estimates-heading">What it costs</h2>
          <${EstimatesTable} name=${sized} estimates=${estimates} />
        </section>`}
      </div>
      <section class="card" aria-labelledby="facts-heading">
        <h2 id="facts-heading">Facts</h2>
        <${Facts} described=${described} />
      </section>
    </div>
  `;
}

function Examples({ name, examples }) {
  return html`<section class="stack stack-small" aria-labelledby="examples-heading">
    <h2 id="examples-heading">Examples</h2>
    <ul class="row examples">
      ${examples.map(
        (example) => html`<li key=${toJson(example)}>
          <${Link} class="chip" href=${newCalculationPath(name, example)}>
            ${exampleText(example)}
          <//>
        </li>`,
      )}
    </ul>
  </section>`;
}

function Unknown({ problem }) {
  return html`<${Empty} title="There is no such function">
    <p>${problem.detail}</p>
    <p><${Link} href="/console/functions">See the functions<//></p>
  <//>`;
}
