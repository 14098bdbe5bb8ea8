// Search among the functions of the catalogue.

/**
 * Return the functions in whose texts all words stand; those with the words in their name first.
 * @param {object[]} functions
 * @param {string} words
 */
export function matching(functions, words) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return functions;
  const all = (text) => wanted.every((word) => text.toLowerCase().includes(word));
  const found = functions.filter((one) => all(textOf(one)));
  const isNamed = ({ name }) => all(name);
  return [...found.filter(isNamed), ...found.filter((one) => !isNamed(one))];
}

function textOf({ name, summary, description, result, package: source, arguments: schema }) {
  const names = Object.keys(schema.properties ?? {});
  return [name, summary, description, result.kind, source?.name ?? "", ...names].join(" ");
}
