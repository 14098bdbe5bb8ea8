// The page of one calculation.

import { Loading } from "../../components/note.js";
import { ProblemNote } from "../../components/problem.js";
import { Unreachable } from "../../core/api.js";
import { argumentsText } from "../../core/format.js";
import { html } from "../../core/preact.js";
import { useTitle } from "../../core/router.js";
import { ArgumentsCard } from "./arguments.js";
import { DetailsCard } from "./details.js";
import { Header } from "./header.js";
import { LinesCard } from "./lines/card.js";
import { CalculationNotFound } from "./not_found.js";
import { OutcomeCard } from "./outcome.js";
import { useResultFile } from "./result/file.js";
import { TimelineCard } from "./timeline/card.js";
import { useActions } from "./use_actions.js";
import { useCalculation } from "./use_calculation.js";

const ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** /console/calculations/{id} */
export function CalculationPage({ id }) {
  if (!ID.test(id)) return html`<${CalculationNotFound} id=${id} isMalformed />`;
  return html`<${Known} key=${id} id=${id.toLowerCase()} />`;
}

function Known({ id }) {
  const calculation = useCalculation(id);
  const { document, problem } = calculation;
  useTitle(document === null ? "Calculation" : titleOf(document));
  if (problem?.status === 404) return html`<${CalculationNotFound} id=${id} />`;
  if (document === null) return html`<${Unknown} problem=${problem} />`;
  return html`<${Shown} ...${calculation} />`;
}

function Unknown({ problem }) {
  const isWaiting = !problem || problem instanceof Unreachable;
  return html`<h1>Calculation</h1>
    ${isWaiting ? html`<${Loading} />` : html`<${ProblemNote} problem=${problem} />`}`;
}

function Shown({ document, problem, expected, replace }) {
  const file = useResultFile(document);
  const actions = useActions(document, replace);
  return html`<article class="calculation">
    <${Header} document=${document} actions=${actions} isPruned=${file.isPruned} />
    <${ProblemNote} problem=${actions.problem ?? (problem instanceof Unreachable ? null : problem)} />
    <div class="calculation-columns">
      <div class="stack">
        <${OutcomeCard} document=${document} file=${file} expected=${expected} actions=${actions} />
        <${ArgumentsCard} document=${document} />
        <${LinesCard} document=${document} fileName=${file.name} />
      </div>
      <div class="stack">
        <${TimelineCard} document=${document} />
        <${DetailsCard} document=${document} />
      </div>
    </div>
    <p class="visually-hidden" role="status">The calculation is ${document.status}.</p>
  </article>`;
}

function titleOf(document) {
  return `${document.function}(${argumentsText(document.arguments, 40)})`;
}
