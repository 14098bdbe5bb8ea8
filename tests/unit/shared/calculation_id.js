// The id of a calculation, by the rules of docs/reference/calculations.md alone: written from them, not from our code.

"use strict";

/** Return {arguments, id}: the canonical text of a request's arguments, and the id. */
function calculationId(name, version, schemaText, argumentsText) {
  const schema = parse(schemaText);
  const text = canonical(parse(argumentsText), schema, schema);
  const namespace = uuid5(bytesOf("6ba7b811-9dad-11d1-80b4-00c04fd430c8"), "urn:reckoner:calculation");
  return { arguments: text, id: uuid5(bytesOf(namespace), `${name}/${version}/${text}`) };
}

// --- The canonical text ---

function canonical(value, schema, root) {
  const rules = chosen(value, schema, root);
  if (value instanceof NumberText) {
    return canonicalNumber(value.text, rules);
  }
  if (typeof value === "string") {
    return quoted(canonicalText(value, rules.get("format")));
  }
  if (Array.isArray(value)) {
    const members = value.map((member, at) => canonical(member, ruleOfItem(rules, at), root));
    return `[${members.join(",")}]`;
  }
  if (value instanceof Map) {
    return canonicalObject(value, rules, root);
  }
  return String(value); // true, false, null
}

function canonicalNumber(text, rules) {
  const isInteger = rules.get("type") === "integer" || (rules.get("type") !== "number" && !/[.eE]/.test(text));
  return isInteger ? String(BigInt(text)) : String(Number(text)); // JavaScript's String(-0) is "0"
}

function canonicalObject(value, rules, root) {
  const properties = rules.get("properties") ?? new Map();
  const members = new Map(value);
  for (const [name, property] of properties) {
    const fallback = property.get("default") ?? resolved(property, root).get("default");
    if (!members.has(name) && fallback !== undefined) {
      members.set(name, fallback);
    }
  }
  const names = [...members.keys()].sort(byCodePoints);
  const others = rules.get("additionalProperties");
  const texts = names.map((name) => {
    const rule = properties.get(name) ?? (others instanceof Map ? others : new Map());
    return `${quoted(name)}:${canonical(members.get(name), rule, root)}`;
  });
  return `{${texts.join(",")}}`;
}

function canonicalText(text, format) {
  if (format === "uuid") {
    return text.toLowerCase();
  }
  const parts = format === "date-time" && text.match(/^(.{10})[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d+))?(.*)$/i);
  if (!parts) {
    return text;
  }
  const [, day, minute, second, fraction, zone] = parts;
  const microseconds = (fraction ?? "").padEnd(6, "0").slice(0, 6);
  const shown = microseconds === "000000" ? "" : `.${microseconds}`;
  return `${day}T${minute}${second ?? ":00"}${shown}${/^[+-]00:00$/.test(zone) ? "Z" : zone.toUpperCase()}`;
}

function quoted(text) {
  const short = { '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  let inner = "";
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    const isPlain = unit >= " " && unit <= "~";
    inner += short[unit] ?? (isPlain ? unit : "\\u" + unit.charCodeAt(0).toString(16).padStart(4, "0"));
  }
  return `"${inner}"`;
}

function byCodePoints(one, other) {
  const left = Array.from(one, (character) => character.codePointAt(0));
  const right = Array.from(other, (character) => character.codePointAt(0));
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    if (left[at] !== right[at]) {
      return left[at] - right[at];
    }
  }
  return left.length - right.length;
}

// --- The JSON Schema ---

function resolved(schema, root) {
  const reference = schema.get("$ref");
  return reference === undefined ? schema : root.get("$defs").get(reference.split("/").pop());
}

/** Return the rules for this value: where there are several, those for its type. */
function chosen(value, schema, root) {
  const rules = resolved(schema, root);
  const choices = rules.get("anyOf") ?? rules.get("oneOf");
  if (choices === undefined) {
    return rules;
  }
  const types = typesOf(value);
  return choices.map((choice) => chosen(value, choice, root)).find((rule) => types.includes(rule.get("type"))) ?? new Map();
}

function typesOf(value) {
  if (value instanceof NumberText) return ["integer", "number"];
  if (Array.isArray(value)) return ["array"];
  if (value instanceof Map) return ["object"];
  return [value === null ? "null" : typeof value];
}

function ruleOfItem(rules, at) {
  const fixed = rules.get("prefixItems");
  return (fixed && fixed[at]) ?? rules.get("items") ?? new Map();
}

// --- JSON, with numbers as they are written ---

class NumberText {
  constructor(text) {
    this.text = text;
  }
}

function parse(text) {
  const token = /\s*([{}[\],:]|"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|true|false|null)\s*/y;
  const next = () => token.exec(text)[1];
  const parseAfter = (first) => {
    if (first === "{") {
      const members = new Map();
      for (let name = next(); name !== "}"; name = next()) {
        if (name === ",") continue;
        next(); // the colon
        members.set(JSON.parse(name), parseAfter(next()));
      }
      return members;
    }
    if (first === "[") {
      const members = [];
      for (let member = next(); member !== "]"; member = next()) {
        if (member !== ",") members.push(parseAfter(member));
      }
      return members;
    }
    return /^[-0-9]/.test(first) ? new NumberText(first) : JSON.parse(first);
  };
  return parseAfter(next());
}

// --- UUIDv5 (RFC 9562), with SHA-1 (FIPS 180-4) ---

function bytesOf(uuid) {
  return uuid.replace(/-/g, "").match(/../g).map((pair) => parseInt(pair, 16));
}

function uuid5(namespace, name) {
  const ascii = Array.from(name, (character) => character.charCodeAt(0));
  const digest = sha1([...namespace, ...ascii]).slice(0, 16);
  digest[6] = (digest[6] & 0x0f) | 0x50;
  digest[8] = (digest[8] & 0x3f) | 0x80;
  const hex = digest.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function sha1(message) {
  const bits = message.length * 8;
  const bytes = [...message, 0x80];
  while (bytes.length % 64 !== 56) bytes.push(0);
  for (let shift = 56; shift >= 0; shift -= 8) bytes.push(Math.floor(bits / 2 ** shift) & 0xff);
  const rotated = (word, by) => (word << by) | (word >>> (32 - by));
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let start = 0; start < bytes.length; start += 64) {
    const words = [];
    for (let at = 0; at < 16; at++) {
      const [one, two, three, four] = bytes.slice(start + 4 * at, start + 4 * at + 4);
      words.push((one << 24) | (two << 16) | (three << 8) | four);
    }
    for (let at = 16; at < 80; at++) {
      words.push(rotated(words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16], 1));
    }
    let [a, b, c, d, e] = state;
    words.forEach((word, round) => {
      const [mixed, constant] = [
        [(b & c) | (~b & d), 0x5a827999],
        [b ^ c ^ d, 0x6ed9eba1],
        [(b & c) | (b & d) | (c & d), 0x8f1bbcdc],
        [b ^ c ^ d, 0xca62c1d6],
      ][Math.floor(round / 20)];
      [a, b, c, d, e] = [(rotated(a, 5) + mixed + e + constant + word) | 0, a, rotated(b, 30), c, d];
    });
    [a, b, c, d, e].forEach((word, at) => (state[at] = (state[at] + word) | 0));
  }
  return state.flatMap((word) => [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff));
}
