// What all fields of a form share.

import { createContext } from "../../../core/preact.js";

/**
 * root: the schema of all arguments, which references are relative to.
 * faultsOf(id): the sentences that stand beside a field.
 * acceptedMaxima: by argument, the largest that this server's memory allows, where it is known.
 */
export const FormContext = createContext({
  root: {},
  faultsOf: () => [],
  acceptedMaxima: {},
});
