// Copies a text, over plain HTTP too, where the browser's clipboard is not to be had.

import { html, useEffect, useRef, useState } from "../core/preact.js";
import { Icon } from "./icon.js";
import { toast } from "./toast.js";

const SHOWN_MILLISECONDS = 2000;

/**
 * <${CopyButton} text=${id} label="Copy the id" />; the text may be a function, also one that
 * returns a promise. With `children` they are the button's text, otherwise it is an icon.
 */
export function CopyButton({ text, label, children, class: className = "" }) {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);

  const press = async () => {
    let whole = text;
    try {
      if (typeof text === "function") whole = await text();
    } catch (problem) {
      toast(problem.detail ?? "What is to be copied could not be loaded. Try it again.");
      return;
    }
    if (!(await copy(String(whole)))) {
      toast("The text could not be copied. Select it and copy it with the keyboard.");
      return;
    }
    setCopied(true);
    toast("Copied");
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), SHOWN_MILLISECONDS);
  };
  const kind = children ? "button" : "button button-icon";
  return html`<button type="button" class="${kind} ${className}" onClick=${press}
    aria-label=${children ? undefined : label} title=${label}>
    <${Icon} name=${isCopied ? "check" : "copy"} />${children}
  </button>`;
}

/** Copy a text; return whether that worked. */
export async function copy(text) {
  if (window.isSecureContext && navigator.clipboard) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Not allowed: the other way may be.
    }
  }
  return copySelected(text);
}

function copySelected(text) {
  const before = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "off-screen";
  area.setAttribute("aria-hidden", "true");
  // In a dialog, nothing outside it can be selected.
  (before?.closest?.("dialog") ?? document.body).append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    before?.focus?.();
  }
}
