import { randomInt } from 'node:crypto';
import { isJsonObject } from '../json/JsonObject.ts';

/**
 * Without its first quote, which is the commonest character of all: that would make the search slow. So would the
 * brace, for V8 searches for 7 characters and more by a table that it has to make first.
 */
const MEMBER = 'user":';
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Different users met, one after the other, before it is given up: there is nothing to share. */
const TRIES = 8;

/**
 * Stands for a batch's first user in the shortened text, the next lower numbers for the others: numbers that
 * nobody outside can know, so that none that was sent is taken for one.
 */
const MARK = -(2 ** 52 + randomInt(2 ** 40));

/**
 * JSON.parse for bodies that write the same user out with every event, as SDKs do: that is half of the text, so
 * each user is parsed once and its events share the object.
 *
 * Users are taken out where the text says `,"user":{…}`. No string can hold that, for its quotes would be
 * escaped, but an object inside an event can: unless every user comes back as an event's own, the text is parsed
 * as it is.
 *
 * @returns What JSON.parse returns, except that equal users of `events` may be one object.
 * @throws SyntaxError as JSON.parse.
 */
export function parseSharingUsers(text: string): unknown {
  const shortened = takeOutUsers(text);
  if (shortened === null) return JSON.parse(text);
  try {
    const parsed: unknown = JSON.parse(shortened.text);
    if (putBack(parsed, shortened)) return parsed;
  } catch {
    // Not JSON: the text itself says best why.
  }
  return JSON.parse(text);
}

interface Shortened {
  readonly text: string;
  /** Texts of the users taken out, in the order of their marks. */
  readonly users: readonly string[];
  /** How many times one was taken out. */
  readonly taken: number;
}

function takeOutUsers(text: string): Shortened | null {
  let at = nextUser(text, 0);
  if (at < 0 || nextUser(text, at + MEMBER.length) < 0) return null;
  const marks = new Map<string, string>();
  let shortened = '';
  let user = '';
  let mark = '';
  let taken = 0;
  let from = 0;
  for (; at >= 0; at = nextUser(text, from)) {
    // As an object's first member it is not an event's, but one that js-client was bootstrapped with.
    if (text.charCodeAt(at - 1) !== QUOTE || text.charCodeAt(at - 2) !== COMMA) return null;
    const start = at + MEMBER.length;
    if (user === '' || text.slice(start, start + user.length) !== user) {
      user = objectAt(text, start);
      if (user === '' || (taken === TRIES && marks.size === TRIES)) return null;
      mark = marks.get(user) ?? String(MARK - marks.size);
      marks.set(user, mark);
    }
    shortened += text.slice(from, start) + mark;
    from = start + user.length;
    taken += 1;
  }
  return { text: shortened + text.slice(from), users: [...marks.keys()], taken };
}

/** Where a user that is an object comes next, -1 when none does. */
function nextUser(text: string, from: number): number {
  let at = text.indexOf(MEMBER, from);
  while (at >= 0 && text.charCodeAt(at + MEMBER.length) !== OPEN)
    at = text.indexOf(MEMBER, at + MEMBER.length);
  return at;
}

/** The text of the object that begins there, '' when it has no end. */
function objectAt(text: string, start: number): string {
  let depth = 0;
  for (let i = start; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) i = closingQuote(text, i);
    else if (unit === OPEN) depth += 1;
    else if (unit === CLOSE) {
      depth -= 1;
      if (depth === 0) return text.slice(start, i + 1);
    }
  }
  return '';
}

function closingQuote(text: string, opening: number): number {
  for (let i = opening + 1; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) return i;
    if (unit === BACKSLASH) i += 1;
  }
  return text.length;
}

/** Whether every user that was taken out was found again as an event's own. */
function putBack(parsed: unknown, { users, taken }: Shortened): boolean {
  if (!isJsonObject(parsed) || !Array.isArray(parsed['events'])) return false;
  const objects = users.map((text): unknown => JSON.parse(text));
  let found = 0;
  for (const event of parsed['events']) {
    if (!isWritable(event)) continue;
    const mark = event['user'];
    if (typeof mark !== 'number') continue;
    const user = objects[MARK - mark];
    if (user === undefined) continue;
    event['user'] = user;
    found += 1;
  }
  return found === taken;
}

function isWritable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
