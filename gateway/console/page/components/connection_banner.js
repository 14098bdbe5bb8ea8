// Says that the service does not answer, and when it is asked again.

import { useConnection } from "../core/connection.js";
import { html } from "../core/preact.js";
import { useNow } from "../core/times.js";
import { Icon } from "./icon.js";

/** Nothing while the service answers. */
export function ConnectionBanner() {
  const { isDown, retryAt, retryNow } = useConnection();
  return html`<div class="banner-place" role="status">
    ${isDown && html`<div class="banner">
      <${Icon} name="warning" />
      <p><strong>Reckoner does not answer.</strong> Accepted calculations are kept. This page
        continues by itself<${Countdown} to=${retryAt} />.</p>
      <button type="button" class="button" onClick=${retryNow}>Try now</button>
    </div>`}
  </div>`;
}

/** Not read aloud, as it changes every second. */
function Countdown({ to }) {
  const now = useNow();
  const left = to === null ? 0 : Math.max(0, Math.ceil((to - now) / 1000));
  return html`<span aria-hidden="true">${left > 0 ? `: next try in ${left} s` : ": trying …"}</span>`;
}
