// Chooses light, dark, or what the system has.

import { html } from "../core/preact.js";
import { useTheme } from "../core/theme.js";
import { Icon } from "./icon.js";

const THEMES = ["system", "light", "dark"];

/** A button that goes from each to the next. */
export function ThemeSwitch() {
  const [theme, choose] = useTheme();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  const label = `Colours: ${theme}. Change to ${next}`;
  return html`<button type="button" class="button button-icon" aria-label=${label} title=${label}
    onClick=${() => choose(next)}><${Icon} name=${theme} /></button>`;
}
