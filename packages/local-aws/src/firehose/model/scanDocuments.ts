/** A stretch of a record: what is between `start` and `end` (exclusive) stands for one document. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Finds the JSON documents of an aggregated record: objects or arrays, one after the other, with any white
 * space or none between them. Every byte that isn't white space between documents belongs to exactly one span.
 *
 * Stops at `enough` spans, if the record has as many.
 *
 * A span isn't promised to be valid JSON. What is malformed gets a span of its own as far as its end can be
 * found: at its closing bracket; or, where brackets or quotes don't close, where the next line begins with
 * `{`; or at the record's end. A line break ends a malformed string because no JSON string may hold one.
 */
export function scanDocuments(bytes: Uint8Array, enough = Number.POSITIVE_INFINITY): Span[] {
  const spans: Span[] = [];
  let at = 0;
  for (;;) {
    if (spans.length >= enough) return spans;
    while (at < bytes.length && isSpace(bytes[at])) at += 1;
    if (at >= bytes.length) return spans;
    const end =
      bytes[at] === OPEN_BRACE || bytes[at] === OPEN_BRACKET ? documentEnd(bytes, at) : strayEnd(bytes, at);
    spans.push({ start: at, end: trimEnd(bytes, at, end) });
    at = end;
  }
}

/** Splits a record at a delimiter; empty pieces are no documents. */
export function splitAtDelimiter(bytes: Uint8Array, delimiter: Uint8Array): Span[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const spans: Span[] = [];
  for (let start = 0; start <= buffer.length; ) {
    const found = buffer.indexOf(delimiter, start);
    const end = found < 0 ? buffer.length : found;
    if (end > start) spans.push({ start, end });
    start = end + delimiter.length;
  }
  return spans;
}

function documentEnd(bytes: Uint8Array, start: number): number {
  const end = closingEnd(bytes, start);
  if (end === undefined) return nextLineStart(bytes, start, bytes.length);
  const nextLine = nextLineStart(bytes, start, end);
  // Brackets may balance across lines by accident: `{"a":1`, `{"b":2}`, `}` are three lines, not one document.
  return nextLine < end && !isJson(bytes.subarray(start, end)) ? nextLine : end;
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return true;
  } catch {
    return false;
  }
}

/** Where the bracket that opens at `start` is closed; undefined if it isn't, or a string holds a line break. */
function closingEnd(bytes: Uint8Array, start: number): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (quoted) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) quoted = false;
      else if (byte === NEWLINE) return undefined;
    } else if (byte === QUOTE) quoted = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return undefined;
}

/** The next line after `start` that begins with `{`, else `limit`. */
function nextLineStart(bytes: Uint8Array, start: number, limit: number): number {
  for (let at = start; at < limit; at += 1) {
    if (bytes[at] === NEWLINE && bytes[at + 1] === OPEN_BRACE) return at + 1;
  }
  return limit;
}

/** What begins with neither bracket lasts to the end of its line, or to where an object begins. */
function strayEnd(bytes: Uint8Array, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === NEWLINE || bytes[at] === OPEN_BRACE) return at;
  }
  return bytes.length;
}

function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let trimmed = end;
  while (trimmed > start && isSpace(bytes[trimmed - 1])) trimmed -= 1;
  return trimmed;
}

function isSpace(byte: number | undefined): boolean {
  return byte === SPACE || byte === NEWLINE || byte === RETURN || byte === TAB;
}
