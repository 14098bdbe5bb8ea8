// What a JSON Schema asks for, as far as a form needs to know.

/**
 * Return the schema that a reference leads to. What stands beside the reference wins: a default
 * belongs to the argument, not to its type.
 */
export function resolve(schema, root) {
  let found = schema ?? {};
  for (let step = 0; step < 20 && typeof found.$ref === "string"; step += 1) {
    const { $ref, ...beside } = found;
    found = { ...(targetOf($ref, root) ?? {}), ...beside };
  }
  if (found.allOf?.length === 1) {
    const { allOf, ...beside } = found;
    return { ...resolve(allOf[0], root), ...beside };
  }
  return found;
}

function targetOf(reference, root) {
  if (!reference.startsWith("#/")) {
    return null;
  }
  return reference
    .slice(2)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((at, part) => at?.[part], root);
}

/**
 * Return which field a resolved schema needs: "json" where it is too free for another.
 * @returns {"constant" | "choice" | "union" | "integer" | "number" | "string" | "boolean" | "null"
 *   | "list" | "tuple" | "record" | "map" | "json"}
 */
export function kindOf(schema) {
  if ("const" in schema) {
    return "constant";
  }
  if (Array.isArray(schema.enum)) {
    return schema.enum.length === 1 ? "constant" : "choice";
  }
  if (schema.anyOf || schema.oneOf || Array.isArray(schema.type)) {
    return "union";
  }
  if (schema.type === "array") {
    return schema.prefixItems ? "tuple" : isFree(schema.items) ? "json" : "list";
  }
  if (schema.type === "object") {
    if (schema.properties) {
      return "record";
    }
    return isFree(schema.additionalProperties) ? "json" : "map";
  }
  return SCALARS.has(schema.type) ? schema.type : "json";
}

const SCALARS = new Set(["integer", "number", "string", "boolean", "null"]);

/** Kinds whose draft is one text or one choice, and which need one line. */
export const isScalar = (kind) =>
  SCALARS.has(kind) || kind === "choice" || kind === "constant";

function isFree(schema) {
  return schema === undefined || schema === true || Object.keys(schema).length === 0;
}

/** Return what a constant is. */
export const constantOf = (schema) => ("const" in schema ? schema.const : schema.enum[0]);

/** Return the alternatives of a union, resolved. */
export function alternativesOf(schema, root) {
  if (Array.isArray(schema.type)) {
    return schema.type.map((type) => ({ ...schema, type }));
  }
  return (schema.anyOf ?? schema.oneOf).map((one) => resolve(one, root));
}

/** Return the short name of an alternative: what tells it from the others. */
export function alternativeName(schema, root, depth = 0) {
  const kind = kindOf(schema);
  if (kind === "constant") {
    return String(constantOf(schema));
  }
  const fixed = Object.values(schema.properties ?? {})
    .map((member) => resolve(member, root))
    .find((member) => kindOf(member) === "constant");
  if (fixed) {
    return String(constantOf(fixed));
  }
  return schema.title ?? (depth < MOST_NAMED ? typeName(schema, root, depth) : "…");
}

/** Return the type in the words of people who read JSON; a type may consist of itself. */
export function typeName(given, root, depth = 0) {
  const schema = resolve(given, root);
  const inner = (one) => (depth < MOST_NAMED ? typeName(one, root, depth + 1) : "…");
  switch (kindOf(schema)) {
    case "constant":
      return "constant";
    case "choice":
      return "choice";
    case "union":
      return alternativesOf(schema, root)
        .map((one) => alternativeName(one, root, depth + 1))
        .join(" or ");
    case "list":
      return `list of ${plural(inner(schema.items))}`;
    case "tuple":
      return `list of ${schema.prefixItems.length}: ${schema.prefixItems.map(inner).join(", ")}`;
    case "record":
      return schema.title ?? "object";
    case "map":
      return `object of ${plural(inner(schema.additionalProperties))}`;
    case "string":
      return FORMATS[schema.format]?.name ?? "text";
    case "json":
      return schema.type === "array" ? "list" : (schema.type ?? "JSON");
    default:
      return schema.type;
  }
}

/** Types within types that are named. */
const MOST_NAMED = 4;

function plural(name) {
  const known = { integer: "integers", number: "numbers", text: "texts", boolean: "booleans" };
  return known[name] ?? name.replace(/^list /, "lists ").replace(/^object/, "objects");
}

/** Texts of a format, with an example of each. */
export const FORMATS = {
  date: { name: "date", example: "2026-11-26" },
  time: { name: "time", example: "10:30:00" },
  "date-time": { name: "date and time", example: "2026-11-26T10:30:00Z" },
  duration: { name: "duration", example: "PT90S" },
  uuid: { name: "UUID", example: "2f6c1a34-5b7d-5e8f-9a0b-1c2d3e4f5a6b" },
};
