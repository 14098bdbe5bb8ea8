// All that pages and components use of preact and htm.

import { Component, Fragment, createContext, h, render } from "preact";
import htm from "htm";

export {
  useCallback,
  useContext,
  useEffect,
  useId,
  useLayoutEffect,
  useMemo,
  useReducer,
  useRef,
  useState,
} from "preact/hooks";
export { Component, Fragment, createContext, render };

/** Templates: html`<p class="note">${text}</p>`. */
export const html = htm.bind(function create() {
  // htm keeps what is the same each time. Such a node would keep what stood around it at first, and
  // through that each former state of a list.
  this[0] = 3;
  return h.apply(null, arguments);
});
