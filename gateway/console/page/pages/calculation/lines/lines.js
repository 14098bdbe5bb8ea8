// The lines that do what this page shows, for curl, for the command line and for Python.

import { isIdentifier, jsonLine, pythonValue, shellWord } from "./quoting.js";

/** Longer arguments do not fit on a command line, of which Linux allows 128 KiB for a word. */
const MAX_CHARACTERS = 60_000;
/** CPython prints no longer integers by itself. */
const MAX_PRINTED_DIGITS = 4_300;

const WORD = /^[A-Za-z][A-Za-z0-9_.-]*$/;
const NOT_TEXT = new Set(["true", "false", "null"]);
/** Options of the client's methods, and words of Python, are no names of arguments there. */
const NOT_KEYWORDS = new Set(
  (
    "function arguments timeout on_progress self False None True and as assert async await break " +
    "class continue def del elif else except finally for from global if import in is lambda " +
    "nonlocal not or pass raise return try while with yield"
  ).split(" "),
);

/**
 * Return the lines, or null if the arguments are too long for them.
 * @param {{document: any, origin: string, hasKeys: boolean, fileName: string}} about
 */
export function linesFor(about) {
  if (jsonLine(about.document.arguments).length > MAX_CHARACTERS) return null;
  return [
    { name: "curl", text: curlLines(about) },
    { name: "reckoner", text: commandLine(about) },
    { name: "Python", text: pythonLines(about) },
  ];
}

function curlLines({ document, origin, hasKeys, fileName }) {
  const key = hasKeys ? [`-H "Authorization: Bearer $RECKONER_KEY"`] : [];
  const body = jsonLine({ function: document.function, arguments: document.arguments });
  const submit = [
    `curl -sS ${shellWord(`${origin}/calculations`)}`,
    ...key,
    "-H 'Content-Type: application/json'",
    "-H 'Prefer: wait=60'",
    `-d ${shellWord(body)}`,
  ];
  const result = `${origin}/calculations/${document.id}/result`;
  const fetch = [`curl -fsS ${shellWord(result)}`, ...key, `-o ${shellWord(fileName)}`];
  return [submit, fetch].map((words) => words.join(" \\\n  ")).join("\n");
}

function commandLine({ document, origin, fileName }) {
  const words = Object.entries(document.arguments).map(([name, value]) => plainWord(name, value));
  const given = words.includes(null) ? [shellWord(jsonLine(document.arguments))] : words;
  const target = isPrinted(document) ? [] : [`>${shellWord(fileName)}`];
  return ["reckoner run", document.function, ...given, `--url ${shellWord(origin)}`, ...target].join(
    " ",
  );
}

/** Return NAME=VALUE if it means the same whatever the type of the argument; else null. */
function plainWord(name, value) {
  if (!isIdentifier(name)) return null;
  const isNumber = typeof value === "bigint" || Number.isSafeInteger(value);
  if (isNumber || typeof value === "boolean") return `${name}=${value}`;
  const isWord = typeof value === "string" && WORD.test(value) && !NOT_TEXT.has(value);
  return isWord ? `${name}=${value}` : null;
}

function pythonLines({ document, origin, hasKeys, fileName }) {
  const key = hasKeys ? `, key=os.environ["RECKONER_KEY"]` : "";
  const call = `(${pythonArguments(document)})`;
  return [
    ...(hasKeys ? ["import os", ""] : []),
    "from reckoner.client import Client",
    "",
    `with Client(${pythonValue(origin)}${key}) as client:`,
    ...(isPrinted(document)
      ? [`    print(client.call${call})`]
      : [
          `    calculation = client.run${call}`,
          `    client.download(calculation, ${pythonValue(fileName)})`,
        ]),
  ].join("\n");
}

function pythonArguments({ function: name, arguments: given }) {
  const members = Object.entries(given);
  const areKeywords = members.every(([one]) => isIdentifier(one) && !NOT_KEYWORDS.has(one));
  const words = areKeywords
    ? members.map(([one, value]) => `${one}=${pythonValue(value)}`)
    : [pythonValue(given)];
  return [pythonValue(name), ...words].join(", ");
}

/** Whether its result is known as something to print: not too many digits, text, or JSON. */
function isPrinted({ result }) {
  if (!result) return false;
  if (result.digits !== undefined) return Number(result.digits) <= MAX_PRINTED_DIGITS;
  return /^text\/|[/+]json\b/.test(result.media_type);
}
