// A modal dialog: the rest of the page cannot be used until it is closed.

import { html, useEffect, useId, useRef } from "../core/preact.js";

/**
 * <${Dialog} title="…" onClose=${close}>…</>; it is open as long as it is rendered. Without onClose
 * it cannot be closed.
 */
export function Dialog({ title, onClose, children, class: className = "" }) {
  const dialog = useRef(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current.showModal();
    return () => before?.focus?.();
  }, []);

  // Escape: the dialog is closed by no longer being rendered.
  const cancel = (event) => {
    event.preventDefault();
    onClose?.();
  };
  // A browser closes it all the same when Escape is pressed again and again, or by a gesture.
  const keyDown = (event) => {
    if (!onClose && event.key === "Escape") event.preventDefault();
  };
  const closed = () => (onClose ? onClose() : dialog.current?.showModal());
  const press = (event) => {
    if (event.target === dialog.current && isBeside(event)) onClose?.();
  };
  return html`<dialog ref=${dialog} class="dialog ${className}" aria-labelledby=${id} onCancel=${cancel}
    onClose=${closed} onKeyDown=${keyDown} onMouseDown=${press}>
    <h2 id=${id}>${title}</h2>
    ${children}
  </dialog>`;
}

/** Whether the pointer is on what is around a dialog, and not on its own edge. */
function isBeside({ target, clientX: x, clientY: y }) {
  const { left, right, top, bottom } = target.getBoundingClientRect();
  return x < left || x > right || y < top || y > bottom;
}
