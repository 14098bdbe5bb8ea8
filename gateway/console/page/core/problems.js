// What goes wrong with a request.

/** The service refused: a problem document (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {Response} response
   * @param {any} document the body, if it is one
   */
  constructor(response, document) {
    super(document?.title ?? `The service answered with status ${response.status}`);
    this.status = response.status;
    this.type = document?.type ?? "about:blank";
    /** The last part of the type, such as "unknown-function". */
    this.name = this.type.split(":").pop();
    this.title = document?.title ?? "The request failed";
    this.detail = document?.detail ?? this.message;
    /** @type {{pointer: string, detail: string}[]} */
    this.errors = document?.errors ?? [];
    /** All members of the document. */
    this.document = document ?? {};
    this.retryAfter = seconds(response.headers.get("Retry-After"));
    this.requestId = response.headers.get("X-Request-ID");
  }
}

/** There was no answer, or only one that says that there is none. */
export class Unreachable extends Error {
  constructor() {
    super("Reckoner does not answer.");
    this.name = "unreachable";
    this.title = "Reckoner does not answer";
    this.detail = "The request had no answer. Try again in a moment.";
    this.errors = [];
  }
}

function seconds(text) {
  const found = Number.parseInt(text ?? "", 10);
  return Number.isNaN(found) ? null : found;
}
