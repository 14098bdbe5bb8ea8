// What a result is, by its media type, and so how it is shown. Nothing of it is ever a document of
// this page: text is text, and a picture is an <img>, in which no script runs.

const PICTURES = /^image\/(png|jpeg|gif|webp|avif|bmp|svg\+xml)$/;
const JSON_TYPES = /^(application\/json|.+\+json)$/;
const TEXTS =
  /^(text\/.+|.+\+(xml|yaml)|application\/(x-)?(ndjson|jsonl|xml|yaml|toml|javascript|sql|x-tex))$/;

const EXTENSIONS = new Map(
  Object.entries({ json: "json", png: "png", jpeg: "jpg", "svg+xml": "svg", plain: "txt" }),
);

/** "digits", "picture", "json", "text" or "other" */
export function kindOf(result) {
  if (result.digits !== undefined) return "digits";
  const type = bareType(result);
  if (PICTURES.test(type)) return "picture";
  if (JSON_TYPES.test(type)) return "json";
  return TEXTS.test(type) ? "text" : "other";
}

/** The media type without its parameters. */
export function bareType({ media_type: type }) {
  return type.split(";")[0].trim().toLowerCase();
}

/** The name of the encoding of text, as far as it says so. */
export function charsetOf({ media_type: type }) {
  return /charset="?([\w-]+)/i.exec(type)?.[1] ?? "utf-8";
}

/** A name for its file, until the service has said the right one. */
export function plainFileName({ function: name, result }) {
  if (!result?.media_type) return `${name}.result`;
  const subtype = bareType(result).split("/")[1];
  return `${name}.${EXTENSIONS.get(subtype) ?? "bin"}`;
}
