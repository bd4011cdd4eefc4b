import { randomInt } from 'node:crypto';
import { toWellFormed } from '../base/deepJson.ts';
import { parseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { CostError, CostMeter, jsonCost } from '../base/jsonCost.ts';
import { EvaluationText } from './EvaluationText.ts';
import { MAX_EVENTS, MAX_NODES, MAX_PARSE_UNITS, MAX_UNITS, UNMEASURED_LENGTH } from './limits.ts';
import { RequestError } from './RequestError.ts';
import { stripPrivateAttributes } from './stripPrivateAttributes.ts';

/** An escaped surrogate, whether or not it has its other half. */
const HALF_PAIR = /\\ud[89a-f]/i;

/** One POST of an SDK: unvalidated events and what they share, without private attributes. */
export interface Batch {
  readonly events: readonly unknown[];
  /** Items as the HTTP API's `/v1/log_custom_exposure` takes them. */
  readonly exposures: readonly unknown[];
  /** The batch's own user: of every event that has none. */
  readonly user: JsonObject | null;
  readonly statsigMetadata: JsonObject | null;
  /** The sender's clock when it sent the batch, as beacons of statsig-js have it; unvalidated. */
  readonly clientTime: unknown;
}

/**
 * Measures the cost of parsing a body's JSON before it is parsed. Short bodies are not measured: they cannot cost much.
 *
 * @returns Units for the meter, and whether the body has numbers that only a parse with `exact` keeps; false for a body
 *   that was not measured.
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
 * Parses what anybody may have sent, with its numbers as they were sent, for no more than the collector spends on a body.
 *
 * @returns Undefined for no JSON, and for what costs more.
 */
export function parseCostly(text: string): unknown {
  const meter = new CostMeter(MAX_UNITS, () => {});
  try {
    meter.spend(measureBody(text).units);
    return parseExactJson(text, meter);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof CostError || error instanceof RequestError)
      return undefined;
    throw error;
  }
}

/**
 * Reads a body's JSON: `{events: […]}`, or `{exposures: […]}` from the HTTP API's custom exposures, or both.
 *
 * @param exact Keep numbers that a double cannot hold; slower.
 * @param meter Counts the work besides JSON.parse, which {@link measureBody} measures. Default no limit.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`; what the
 *   meter throws.
 */
export function parseBatch(text: string, exact = false, meter = CostMeter.unlimited): Batch {
  let parsed: unknown;
  try {
    parsed = exact ? parseExactJson(text, meter) : parseBody(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // V8's message quotes the text, which can contain anything, so it is not passed on.
    throw new RequestError('SLUICE_BODY_NOT_JSON', '', { cause: error });
  }
  // An unpaired surrogate can occur only as an escape; Firehose could not write it as UTF-8.
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
 * Without its first quote, which is the most common character and would make the search slow. The brace would, too: V8
 * searches for 7 or more characters with a table that it has to build first.
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

/** Longest user that is looked up among earlier ones: V8 does not hash very long texts in full. */
const MAX_SHARED_USER_LENGTH = 8_192;

/** After this many different users in a row there is probably nothing to share. */
const MAX_DISTINCT_USERS = 8;

/**
 * Replaces the first removed part in the shortened text; the next lower numbers replace the others. Senders cannot know
 * these numbers, so no number that was sent is mistaken for one, and they are short enough that V8 reads them quickly.
 */
const MARK = -(2 ** 28 + randomInt(2 ** 29));

/**
 * JSON.parse for bodies as SDKs write them. SDKs repeat the same user in every event, which is half of the text: each
 * user is parsed once, and its events share the object. The metadata of exposures is not parsed: it becomes an
 * {@link EvaluationText}.
 *
 * Both are removed where the text has `,"user":{…}` and `,"metadata":{…}`. A string cannot contain that, because its
 * quotes would be escaped, but an object inside an event can. If any removed part does not turn out to be a member of
 * an event, the whole text is parsed as it is.
 *
 * @returns What JSON.parse returns, except that equal users of `events` may be one object and that `metadata` of
 *   `events` may be an EvaluationText.
 * @throws SyntaxError as JSON.parse.
 */
export function parseBody(text: string): unknown {
  // All intermediate values are released before the text is parsed as it is: a large one needs the memory.
  return parseShortened(text) ?? JSON.parse(text);
}

/** The value, parsed without repeated parts; null when the text has to be parsed as it is. */
function parseShortened(text: string): unknown {
  const shortened = shorten(text);
  if (shortened === null) return null;
  try {
    const parsed: unknown = JSON.parse(shortened.text);
    return restoreParts(parsed, shortened) ? parsed : null;
  } catch {
    // Not JSON: parsing the text itself gives the better error.
    return null;
  }
}

interface Shortened {
  readonly text: string;
  /** The removed parts, in the order of their marks: texts of different users, and evaluations. */
  readonly apart: readonly (string | EvaluationText)[];
  /** How many parts were removed. */
  readonly taken: number;
}

function shorten(text: string): Shortened | null {
  const apart: (string | EvaluationText)[] = [];
  const members: number[] = [];
  const marks = new Map<string, string>();
  let userAt = nextUser(text, 0);
  // A single user has nothing to share.
  if (userAt >= 0 && nextUser(text, userAt + USER.length) < 0) userAt = -1;
  let metadataAt = nextMetadata(text, 0);
  let shortened = '';
  let user = '';
  let mark = '';
  let users = 0;
  let evaluations = 0;
  let from = 0;
  while (userAt >= 0 || metadataAt >= 0) {
    // More than the most events cannot all be members of events.
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
      // As the first member of an object it is not an event's user, but one that js-client was bootstrapped with.
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

/** Puts the removed parts back into their events. Whether each was a member of an event. */
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
