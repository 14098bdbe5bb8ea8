// Which function to calculate with.

import { Icon } from "../../components/icon.js";
import { Empty, Loading, Note } from "../../components/note.js";
import { ProblemNote } from "../../components/problem.js";
import { html, useState } from "../../core/preact.js";
import { useResource } from "../../core/resource.js";
import { Link, navigate } from "../../core/router.js";
import { matching } from "../functions/matching.js";
import { SearchField } from "../functions/search_field.js";
import { newCalculationPath } from "./query.js";

/** Fewer are seen at once. */
const SEARCHED_FROM = 6;

/** All functions, below the heading. */
export function ChoicePage() {
  const { data, problem, reload } = useResource("/functions");
  if (data === null) {
    return problem
      ? html`<${ProblemNote} problem=${problem} onRetry=${reload} />`
      : html`<${Loading}>Loading the functions…<//>`;
  }
  return html`
    <p class="muted">Choose what to calculate.</p>
    <${Unloaded} count=${data.problems.length} />
    <${FunctionChooser} functions=${data.functions} />
  `;
}

function Unloaded({ count }) {
  if (count === 0) return null;
  return html`<${Note} kind="warning">
    <p>
      ${count === 1 ? "One installed function" : `${count} installed functions`} could not be
      loaded. <${Link} href="/console/functions">See why<//>
    </p>
  <//>`;
}

function FunctionChooser({ functions }) {
  const [words, setWords] = useState("");
  const found = matching(functions, words);
  const openFirst = (event) => {
    event.preventDefault();
    if (found.length > 0) navigate(newCalculationPath(found[0].name));
  };
  return html`
    ${functions.length >= SEARCHED_FROM &&
    html`<form role="search" onSubmit=${openFirst}>
      <${SearchField} words=${words} onChange=${setWords} count=${found.length} />
    </form>`}
    ${found.length === 0 && html`<${NothingFound} isSearch=${words !== ""} />`}
    <ul class="function-choices">
      ${found.map(
        (one) => html`<li key=${one.name}>
          <${Link} class="card function-choice" href=${newCalculationPath(one.name)}>
            <span class="function-choice-name">${one.name}</span>
            <span class="muted">${one.summary === one.name ? "" : one.summary}</span>
            <${Icon} name="forward" />
          <//>
        </li>`,
      )}
    </ul>
  `;
}

function NothingFound({ isSearch }) {
  if (isSearch) {
    return html`<${Empty} title="No function matches">
      <p>Search for a part of its name or of its description.</p>
    <//>`;
  }
  return html`<${Empty} title="No functions are installed">
    <p>Install a package of functions, and restart the service.</p>
  <//>`;
}
