// Says that the service does not answer, and when it is asked again; or that it has been upgraded.

import { useConnection } from "../core/connection.js";
import { html } from "../core/preact.js";
import { useText } from "../core/times.js";
import { useIsOutdated } from "../core/version.js";
import { Icon } from "./icon.js";

/** Nothing while the service answers, and is the one that this page is of. */
export function ConnectionBanner() {
  const { isDown, retryAt, retryNow } = useConnection();
  const isOutdated = useIsOutdated();
  return html`<div class="banner-place" role="status">
    ${isDown
      ? html`<div class="banner">
          <${Icon} name="warning" />
          <p><strong>Reckoner does not answer.</strong> Accepted calculations are kept. This page
            continues by itself<${Countdown} key=${retryAt} to=${retryAt} />.</p>
          <button type="button" class="button" onClick=${retryNow}>Try now</button>
        </div>`
      : isOutdated && html`<div class="banner">
          <${Icon} name="info" />
          <p>Reckoner has been upgraded. Reload the page for its new console.</p>
          <button type="button" class="button" onClick=${() => location.reload()}>Reload</button>
        </div>`}
  </div>`;
}

/** Not read aloud, as it changes every second. */
function Countdown({ to }) {
  const text = useText(() => {
    const left = to === null ? 0 : Math.max(0, Math.ceil((to - Date.now()) / 1000));
    return left > 0 ? `: next try in ${left} s` : ": trying …";
  });
  return html`<span aria-hidden="true">${text}</span>`;
}
