import { randomInt } from 'node:crypto';
import { toWellFormed } from '../base/deepJson.ts';
import { parseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { CostMeter, jsonCost } from '../base/jsonCost.ts';
import { EvaluationText } from './EvaluationText.ts';
import { MAX_EVENTS, MAX_NODES, MAX_PARSE_UNITS, UNMEASURED_LENGTH } from './limits.ts';
import { RequestError } from './RequestError.ts';
import { stripPrivateAttributes } from './stripPrivateAttributes.ts';

/** An escaped surrogate, whether or not it has its other half. */
const HALF_PAIR = /\\ud[89a-f]/i;

/** One POST of an SDK: events that nobody has looked at yet, and what they share; nothing of it is private. */
export interface Batch {
  readonly events: readonly unknown[];
  /** Items as the HTTP API's `/v1/log_custom_exposure` takes them. */
  readonly exposures: readonly unknown[];
  /** The batch's own user: of every event that has none. */
  readonly user: JsonObject | null;
  readonly statsigMetadata: JsonObject | null;
  /** The sender's clock when it sent, as beacons of statsig-js have it; unchecked. */
  readonly clientTime: unknown;
}

/**
 * Looks at what a body's JSON takes to be parsed, before anybody parses it. Short bodies can't take much.
 *
 * @returns Units for the meter, and whether it has numbers that only a parse with `exact` keeps: false when nobody looked.
 * @throws RequestError `SLUICE_BODY_TOO_MANY_EVENTS`, `SLUICE_BODY_TOO_COSTLY`.
 */
export function measureBody(text: string): { readonly units: number; readonly inexact: boolean } {
  if (text.length <= UNMEASURED_LENGTH) return { units: 0, inexact: false };
  const { nodes, units, inexact } = jsonCost(text, { nodes: MAX_NODES, units: MAX_PARSE_UNITS });
  if (nodes > MAX_NODES) {
    throw new RequestError('SLUICE_BODY_TOO_MANY_EVENTS', `More than ${MAX_NODES} objects and arrays.`);
  }
  if (units > MAX_PARSE_UNITS) {
    throw new RequestError('SLUICE_BODY_TOO_COSTLY', 'It has too many numbers, texts and names of members.');
  }
  return { units, inexact };
}

/**
 * Reads a body's JSON: `{events: […]}`, or `{exposures: […]}` as the HTTP API's custom exposures come, or both.
 *
 * @param exact Keep numbers that a double can't hold; slower.
 * @param meter Counts what it takes beside JSON.parse, which {@link measureBody} tells. Default no limit.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`; what the
 *   meter throws.
 */
export function parseBatch(text: string, exact = false, meter = CostMeter.unlimited): Batch {
  let parsed: unknown;
  try {
    parsed = exact ? parseExactJson(text, meter) : parseBody(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // V8's message quotes the text, which may hold anything: it is not passed on.
    throw new RequestError('SLUICE_BODY_NOT_JSON', '', { cause: error });
  }
  // Half a surrogate pair can come only as an escape; Firehose could not write it as UTF-8.
  if (text.includes('\\u') && HALF_PAIR.test(text)) parsed = toWellFormed(parsed, meter);
  stripPrivateAttributes(parsed, text, meter);
  if (!isJsonObject(parsed)) throw wrongShape('It is not an object.');
  const { events, exposures, user, statsigMetadata, clientTime } = parsed;
  if ((events ?? exposures ?? null) === null) throw wrongShape('It has no array of events.');
  if (user !== undefined && user !== null && !isJsonObject(user)) throw wrongShape('user is no object.');
  if (statsigMetadata !== undefined && statsigMetadata !== null && !isJsonObject(statsigMetadata)) {
    throw wrongShape('statsigMetadata is no object.');
  }
  const lists = { events: readList(events, 'events'), exposures: readList(exposures, 'exposures') };
  const count = lists.events.length + lists.exposures.length;
  if (count > MAX_EVENTS) {
    throw new RequestError('SLUICE_BODY_TOO_MANY_EVENTS', `${count} events, at most ${MAX_EVENTS}.`);
  }
  return {
    ...lists,
    user: user ?? null,
    statsigMetadata: statsigMetadata ?? null,
    clientTime,
  };
}

function readList(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongShape(`${name} is no array.`);
  return value;
}

function wrongShape(detail: string) {
  return new RequestError('SLUICE_BODY_WRONG_SHAPE', detail);
}

/**
 * Without its first quote, which is the commonest character of all: that would make the search slow. So would the
 * brace, for V8 searches for 7 characters and more by a table that it has to make first.
 */
const USER = 'user":';
/** The beginning of `metadata":{`, for the same reason, and the rest. */
const METADATA = 'metada';
const METADATA_REST = 'ta":{';
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Longest user that is looked up among those before it: V8 does not hash the whole of a very long text. */
const MAX_SHARED_USER_LENGTH = 8_192;

/** Different users met, one after the other, before it is given up: there is nothing to share. */
const MAX_DISTINCT_USERS = 8;

/**
 * Stands for what is taken out first in the shortened text, the next lower numbers for the rest: numbers that nobody
 * outside can know, so that none that was sent is taken for one, and short enough that V8 reads them quickly.
 */
const MARK = -(2 ** 28 + randomInt(2 ** 29));

/**
 * JSON.parse for bodies as SDKs write them. They write the same user out with every event, which is half of the text:
 * each is parsed once and its events share the object. And the metadata of their exposures isn't parsed at all: it
 * becomes an {@link EvaluationText}.
 *
 * Both are taken out where the text says `,"user":{…}` and `,"metadata":{…}`. No string can hold that, for its quotes
 * would be escaped, but an object inside an event can: unless all that was taken out comes back as an event's own, the
 * text is parsed as it is.
 *
 * @returns What JSON.parse returns, except that equal users of `events` may be one object and that `metadata` of
 *   `events` may be an EvaluationText.
 * @throws SyntaxError as JSON.parse.
 */
export function parseBody(text: string): unknown {
  // Whatever was made on the way is left behind before the text is parsed as it is: a large one needs the memory.
  return parseShortened(text) ?? JSON.parse(text);
}

/** What was read without what repeats; null when the text has to be parsed as it is. */
function parseShortened(text: string): unknown {
  const shortened = shorten(text);
  if (shortened === null) return null;
  try {
    const parsed: unknown = JSON.parse(shortened.text);
    return restoreParts(parsed, shortened) ? parsed : null;
  } catch {
    // Not JSON: the text itself says best why.
    return null;
  }
}

interface Shortened {
  readonly text: string;
  /** What was taken out, in the order of the marks: the texts of different users, and evaluations. */
  readonly apart: readonly (string | EvaluationText)[];
  /** How many times something was taken out. */
  readonly taken: number;
}

function shorten(text: string): Shortened | null {
  const apart: (string | EvaluationText)[] = [];
  const members: number[] = [];
  const marks = new Map<string, string>();
  let userAt = nextUser(text, 0);
  // Alone it has nobody to share it.
  if (userAt >= 0 && nextUser(text, userAt + USER.length) < 0) userAt = -1;
  let metadataAt = nextMetadata(text, 0);
  let shortened = '';
  let user = '';
  let mark = '';
  let users = 0;
  let evaluations = 0;
  let from = 0;
  while (userAt >= 0 || metadataAt >= 0) {
    // More than there may be events can't all be theirs.
    if (users > MAX_EVENTS || evaluations > MAX_EVENTS) return null;
    if (userAt < 0 || (metadataAt >= 0 && metadataAt < userAt)) {
      const start = metadataAt + METADATA.length + METADATA_REST.length - 1;
      const evaluation = EvaluationText.at(text, start, members);
      if (evaluation !== null) {
        shortened += text.slice(from, start);
        shortened += MARK - apart.length;
        apart.push(evaluation);
        evaluations += 1;
        from = evaluation.end;
      }
      metadataAt = nextMetadata(text, start);
      continue;
    }
    const start = userAt + USER.length;
    if (user === '' || text.slice(start, start + user.length) !== user) {
      // As an object's first member it is not an event's, but one that js-client was bootstrapped with.
      user = isLaterMember(text, userAt) ? readObjectText(text, start) : '';
      if (user === '' || (users === MAX_DISTINCT_USERS && marks.size === MAX_DISTINCT_USERS)) {
        userAt = -1;
        continue;
      }
      const known = user.length > MAX_SHARED_USER_LENGTH ? undefined : marks.get(user);
      mark = known ?? String(MARK - apart.length);
      if (known === undefined) {
        if (user.length <= MAX_SHARED_USER_LENGTH || marks.size < MAX_DISTINCT_USERS) marks.set(user, mark);
        apart.push(user);
      }
    }
    shortened += text.slice(from, start);
    shortened += mark;
    users += 1;
    from = start + user.length;
    userAt = nextUser(text, from);
    if (metadataAt >= 0 && metadataAt < from) metadataAt = nextMetadata(text, from);
  }
  const taken = users + evaluations;
  return taken === 0 ? null : { text: shortened + text.slice(from), apart, taken };
}

/** Where a user that is an object comes next, -1 when none does. */
function nextUser(text: string, from: number): number {
  let at = text.indexOf(USER, from);
  while (at >= 0 && text.charCodeAt(at + USER.length) !== OPEN) at = text.indexOf(USER, at + USER.length);
  return at;
}

/** Where metadata that is an object comes next as a later member, -1 when none does. */
function nextMetadata(text: string, from: number): number {
  let at = text.indexOf(METADATA, from);
  while (at >= 0 && !(text.startsWith(METADATA_REST, at + METADATA.length) && isLaterMember(text, at))) {
    at = text.indexOf(METADATA, at + METADATA.length);
  }
  return at;
}

/** Whether a key is a member that follows another. */
function isLaterMember(text: string, key: number): boolean {
  return text.charCodeAt(key - 1) === QUOTE && text.charCodeAt(key - 2) === COMMA;
}

/** The text of the object that begins there, '' when it has no end. */
function readObjectText(text: string, start: number): string {
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

/** Whether all that was taken out was found again as an event's own, and is there again. */
function restoreParts(parsed: unknown, { apart, taken }: Shortened): boolean {
  if (!isJsonObject(parsed) || !Array.isArray(parsed['events'])) return false;
  const values = apart.map((one): unknown => (typeof one === 'string' ? JSON.parse(one) : one));
  let found = 0;
  for (const event of parsed['events']) {
    if (!isWritable(event)) continue;
    const { user, metadata } = event;
    if (typeof user === 'number') {
      const value = values[MARK - user];
      if (value !== undefined) {
        event['user'] = value;
        found += 1;
      }
    }
    if (typeof metadata === 'number') {
      const value = values[MARK - metadata];
      if (value !== undefined) {
        event['metadata'] = value;
        found += 1;
      }
    }
  }
  return found === taken;
}

function isWritable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
