// The lines that do the same, one under each tab.

import { CopyButton } from "../../../components/copy_button.js";
import { html, useId, useRef, useState } from "../../../core/preact.js";
import { useSession } from "../../../core/session.js";
import { linesFor } from "./lines.js";

const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

export function LinesCard({ document, fileName }) {
  const { keys } = useSession();
  const hasKeys = keys === "on";
  const lines = linesFor({ document, origin: window.location.origin, hasKeys, fileName });
  return html`<section class="card" aria-labelledby="lines-heading">
    <h2 id="lines-heading">The same from a terminal or a program</h2>
    ${lines === null
      ? html`<p>The arguments are too long for a command line. Write them into a file, and use
          <code>reckoner run ${document.function} --arguments-file FILE</code>.</p>`
      : html`<${Tabs} lines=${lines} />`}
    ${hasKeys && html`<p class="muted">Set <code>RECKONER_KEY</code> to your API key before.</p>`}
  </section>`;
}

function Tabs({ lines }) {
  const [chosen, choose] = useState(0);
  const id = useId();
  const tabs = useRef([]);
  const move = (event) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    const next = (chosen + step + lines.length) % lines.length;
    choose(next);
    tabs.current[next].focus();
  };
  const { name, text } = lines[chosen];
  return html`<div class="lines">
    <div class="lines-bar">
      <div class="tabs" role="tablist" aria-label="Languages" onKeyDown=${move}>
        ${lines.map(
          (line, index) => html`<button key=${line.name} type="button" role="tab" class="tab"
            ref=${(element) => (tabs.current[index] = element)}
            id=${`${id}-${index}`} aria-controls=${`${id}-panel`}
            aria-selected=${index === chosen ? "true" : "false"}
            tabindex=${index === chosen ? 0 : -1}
            onClick=${() => choose(index)}>${line.name}</button>`,
        )}
      </div>
      <${CopyButton} text=${text} label=${`Copy the lines for ${name}`} />
    </div>
    <div role="tabpanel" id=${`${id}-panel`} aria-labelledby=${`${id}-${chosen}`}>
      <pre class="code" tabindex="0" aria-label=${`Lines for ${name}`}><code>${text}</code></pre>
    </div>
  </div>`;
}
