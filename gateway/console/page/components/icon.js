// Icons, drawn with lines on a field of 16 × 16. They are decoration: text beside them says the same.

import { html } from "../core/preact.js";

const PATHS = {
  back: "M10 3 5 8l5 5",
  cancel: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M4.2 4.2l7.6 7.6",
  check: "M3 8.5 6.5 12 13 4.5",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 5v3.2l2 1.3",
  close: "m4 4 8 8M12 4l-8 8",
  copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
  cross: "m4.5 4.5 7 7M11.5 4.5l-7 7",
  dark: "M13 9.6A5.5 5.5 0 0 1 6.4 3 5.5 5.5 0 1 0 13 9.6",
  download: "M8 2.5v8M4.5 7.5 8 11l3.5-3.5M3 13.5h10",
  down: "m3.5 6 4.5 4.5L12.5 6",
  external: "M6.5 3.5h-4v10h10v-4M9.5 2.5h4v4M13.2 2.8 7.5 8.5",
  forward: "m6 3 5 5-5 5",
  info: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M8 7.5v3M8 5.2v.3",
  key: "M10.5 2.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6M8.3 7.7 3 13M4.5 11.5l1.7 1.7",
  light: "M8 5.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2" +
    "M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9",
  link: "M6.5 9.5a2.6 2.6 0 0 0 3.7 0l2.4-2.4a2.6 2.6 0 0 0-3.7-3.7L7.7 4.6M9.5 6.5a2.6 2.6 0 0 0-3.7 0" +
    "L3.4 8.9a2.6 2.6 0 0 0 3.7 3.7l1.2-1.2",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2v9.6L12.5 8z",
  plus: "M8 3v10M3 8h10",
  refresh: "M13 3.5v3h-3M12.6 6.5a5 5 0 1 0 .3 2.8",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M10.3 10.3l3.2 3.2",
  system: "M2.5 3.5h11v7.5h-11zM6 13.5h4M8 11v2.5",
  warning: "M8 2.8 14 13H2zM8 6.5v3M8 11.2v.2",
};

/** An icon: one of the names above. */
export function Icon({ name, class: className = "" }) {
  return html`<svg class="icon ${className}" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}
