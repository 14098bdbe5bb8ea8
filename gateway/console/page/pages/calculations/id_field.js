// Finds a calculation by its id, or by how that begins.

import { Field } from "../../components/field.js";
import { html, useEffect, useRef, useState } from "../../core/preact.js";
import { faultOfId } from "./filters.js";

const PAUSE_MILLISECONDS = 350;

/** <${IdField} value=${id} onChange=${(id) => …} />; it calls back for what can be an id. */
export function IdField({ value = "", onChange }) {
  const [text, setText] = useState(value);
  const [isComplete, setComplete] = useState(true);
  const timer = useRef(null);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const fault = text === "" ? null : faultOfId(text);
  const settle = (given) => {
    clearTimeout(timer.current);
    setComplete(true);
    if (given !== value && (given === "" || faultOfId(given) === null)) onChange(given || undefined);
  };
  const type = (event) => {
    const given = event.target.value.trim();
    setText(given);
    setComplete(false);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => settle(given), PAUSE_MILLISECONDS);
  };
  const press = (event) => event.key === "Enter" && settle(text);
  return html`<${Field} label="Id" class="filters-id" error=${isComplete ? fault : null}>
    ${(props) => html`<input type="search" class="input mono" ...${props} value=${text}
      placeholder="First 8 or more characters" spellcheck="false" autocomplete="off"
      onInput=${type} onKeyDown=${press} onBlur=${() => settle(text)} />`}
  <//>`;
}
