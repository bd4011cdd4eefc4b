/** A member of a JSON object, with its value as written. */
export interface JsonMember {
  readonly key: string;
  /** The value's text, e.g. `12345678901234567890` or `{"a": 1}`, with digits that a double would lose. */
  readonly raw: string;
}

/** The members of a JSON object in order, including repeated keys. The text must be a valid JSON object. */
export function jsonMembers(text: string): JsonMember[] {
  const members: JsonMember[] = [];
  let at = text.indexOf('{') + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] === ',') at = skipSpace(text, at + 1);
    if (text[at] !== '"') return members;
    const keyEnd = stringEnd(text, at);
    const rawKey = text.slice(at, keyEnd);
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1);
    const end = valueEnd(text, start);
    members.push({ key: readString(rawKey), raw: text.slice(start, end) });
    at = end;
  }
}

/** Decodes a JSON string. An unpaired half of a surrogate pair becomes U+FFFD. */
export function readString(raw: string): string {
  if (!raw.includes('\\')) return raw.slice(1, -1);
  const text: unknown = JSON.parse(raw);
  return typeof text === 'string' ? text.toWellFormed() : '';
}

/** JSON without white space between its tokens, with unchanged numbers and keys. */
export function compactJson(raw: string): string {
  return raw.replace(/("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g, '$1');
}

function valueEnd(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return stringEnd(text, start);
  let at = start;
  if (first === '{' || first === '[') {
    let depth = 0;
    do {
      const char = text[at];
      if (char === '"') at = stringEnd(text, at) - 1;
      else if (char === '{' || char === '[') depth += 1;
      else if (char === '}' || char === ']') depth -= 1;
      at += 1;
    } while (depth > 0);
    return at;
  }
  while (!',} \t\r\n'.includes(text[at] ?? '}')) at += 1;
  return at;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at += 1;
  }
}
