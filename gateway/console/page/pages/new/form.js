// The form of one function: what is typed, what it would cost, and its submission.

import { api } from "../../core/api.js";
import { html, useEffect, useMemo, useRef, useState } from "../../core/preact.js";
import { Unreachable } from "../../core/problems.js";
import { navigate, useLocation } from "../../core/router.js";
import { useSession } from "../../core/session.js";
import { toJson } from "../../core/json.js";
import { draftOf } from "./draft.js";
import { QUIET_MILLISECONDS, useEstimate } from "./estimate.js";
import { EstimatePanel } from "./estimate_panel.js";
import { ExampleButtons } from "./examples.js";
import { FaultSummary } from "./fault_summary.js";
import { FormContext } from "./fields/frame.js";
import { Members } from "./fields/object_fields.js";
import { focusField, placeFaults, placesOf } from "./places.js";
import { draftOfQuery, newCalculationPath } from "./query.js";
import { readDraft } from "./reading.js";
import { RequestBody } from "./request_body.js";
import { SubmitArea } from "./submit_area.js";

/** The ids of all fields begin with it. */
const PREFIX = "argument";
const ARGUMENTS = /^\/arguments(?=\/|$)/;

/** @param {{described: object}} props described: the function's entry in the catalogue */
export function CalculationForm({ described }) {
  const root = described.arguments;
  const { query } = useLocation();
  const { can } = useSession();
  const [draft, setDraft] = useState(() => draftOfQuery(query, root));
  const [touched, setTouched] = useState(() => new Set());
  const [isTried, setTried] = useState(false);
  const [refusal, setRefusal] = useState(null);
  const [isSending, setSending] = useState(false);
  const form = useRef(null);

  const { body, text, ownFaults } = useMemo(() => read(draft, described), [draft, described]);
  const isComplete = ownFaults.length === 0;
  const answer = useEstimate(isComplete ? body : null, text);
  const isQuiet = useQuiet(text + toJson(ownFaults));
  const keepInUrl = useArgumentsInUrl(described.name, body.arguments, ownFaults);

  const places = useMemo(() => placesOf(draft, root, PREFIX), [draft, root]);
  const refused = refusal?.text === text ? refusal.problem : answer.isCurrent && answer.problem;
  const serviceFaults = isComplete ? faultsOfProblem(refused) : [];
  const faults = placeFaults([...ownFaults, ...serviceFaults], places);
  const shown = faults.filter(
    ({ id, isMissing }) => isTried || touched.has(id) || (!isMissing && isQuiet),
  );

  const submit = async () => {
    setTried(true);
    if (faults.length > 0) return focusFirst(faults);
    setSending(true);
    setRefusal(null);
    try {
      const { id } = await api.post("/calculations", body);
      keepInUrl(); // for whoever comes back
      navigate(`/console/calculations/${id}`);
    } catch (problem) {
      setRefusal({ text, problem });
      setSending(false);
      focusFirst(placeFaults(faultsOfProblem(problem), places));
    }
  };
  const onKeyDown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.current.requestSubmit();
  };
  const touch = ({ target }) => target.id && setTouched((before) => new Set(before).add(target.id));
  const fillIn = (example) => setDraft(draftOf(example, root, root));

  const context = {
    root,
    faultsOf: (id) => shown.filter((fault) => fault.id === id).map(({ detail }) => detail),
    acceptedMaxima: acceptedMaxima(described),
  };
  return html`<${FormContext.Provider} value=${context}>
    <form
      class="new-form"
      ref=${form}
      novalidate
      aria-label=${`Arguments of ${described.name}`}
      onSubmit=${(event) => {
        event.preventDefault();
        if (!isSending && can("submit")) submit();
      }}
      onFocusOut=${touch}
      onKeyDown=${onKeyDown}
    >
      <div class="stack new-fields">
        <${FaultSummary} faults=${isTried ? shown : shown.filter(({ id }) => id === null)} />
        <${ExampleButtons} examples=${described.examples} onChoose=${fillIn} />
        <div class="card">
          ${places.size === 0 && html`<p class="muted">This function takes no arguments.</p>`}
          <${Members} schema=${root} draft=${draft} onChange=${setDraft} id=${PREFIX} />
        </div>
      </div>
      <div class="stack new-side">
        <${EstimatePanel}
          answer=${answer}
          isComplete=${isComplete}
          timeLimit=${described.time_limit_seconds}
        />
        <${SubmitArea}
          isSending=${isSending}
          problem=${refusal?.text === text && serviceFaults.length === 0 ? refusal.problem : null}
          known=${answer.isCurrent ? answer.estimate : null}
        />
        <${RequestBody} body=${body} isComplete=${isComplete} />
      </div>
    </form>
  <//>`;
}

/** Return the body of the request, and what is wrong with the draft. */
function read(draft, described) {
  const ownFaults = [];
  const root = described.arguments;
  const body = {
    function: described.name,
    arguments: readDraft(draft, root, root, "", ownFaults),
  };
  return { body, text: toJson(body), ownFaults };
}

/** Return the faults of arguments that a problem of the service names. */
function faultsOfProblem(problem) {
  if (!problem || problem instanceof Unreachable) return [];
  return problem.errors.map(({ pointer, detail }) => ({
    pointer: (pointer ?? "").replace(ARGUMENTS, ""),
    detail,
  }));
}

function focusFirst(faults) {
  const first = faults.find(({ id }) => id !== null);
  // Once the page shows what is wrong with it.
  if (first) requestAnimationFrame(() => focusField(first.id));
}

/** Return, by the id of its field, the largest argument that this server's memory allows. */
function acceptedMaxima({ bounds }) {
  return Object.fromEntries(
    Object.entries(bounds ?? {}).map(([name, { accepted_maximum: most }]) => [
      `${PREFIX}.${encodeURIComponent(name)}`,
      most,
    ]),
  );
}

/** Say whether something has not changed for a moment. */
function useQuiet(text) {
  const [quiet, setQuiet] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setQuiet(text), QUIET_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [text]);
  return quiet === text;
}

/**
 * Keep what is filled in and valid in the URL, so that the form can be shared and reloaded.
 * @returns {() => void} does it now
 */
function useArgumentsInUrl(name, args, faults) {
  const faulty = new Set(faults.map(({ pointer }) => pointer.split("/")[1]));
  const valid = Object.entries(args).filter(([member]) => !faulty.has(escaped(member)));
  const url = newCalculationPath(name, Object.fromEntries(valid));
  const keep = () => history.replaceState(null, "", url);
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false; // what the URL asks for stays, also where it is not valid
      return undefined;
    }
    const timer = setTimeout(keep, QUIET_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [url]);
  return keep;
}

const escaped = (name) => name.replaceAll("~", "~0").replaceAll("/", "~1");
