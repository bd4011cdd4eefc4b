import { randomInt } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { CostMeter } from '../base/jsonCost.ts';
import { EvaluationText } from './EvaluationText.ts';
import { parseJsonBody, requireFewEvents, wrongShape } from './jsonBody.ts';
import { MAX_EVENTS } from './limits.ts';

/** The two lists that a body may have. */
export type ItemList = 'events' | 'exposures';

/** One body: items that are not yet validated, and what they share, without private attributes. */
export interface Batch {
  readonly events: readonly unknown[];
  readonly exposures: readonly unknown[];
  /** The batch's own user: of every event that has none. */
  readonly user: JsonObject | null;
  /** The SDK's metadata about itself: `statsigMetadata`. */
  readonly senderMetadata: JsonObject | null;
  /** The sender's clock when it sent the batch, if the body states it; not validated. */
  readonly clientTime: unknown;
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
  const parsed = parseJsonBody(text, exact, meter, parseBody);
  if (!isJsonObject(parsed)) throw wrongShape('It is not an object.');
  const { events, exposures, user, statsigMetadata, clientTime } = parsed;
  if ((events ?? exposures ?? null) === null) throw wrongShape('It has no array of events.');
  if (user !== undefined && user !== null && !isJsonObject(user)) throw wrongShape('user is not an object.');
  if (statsigMetadata !== undefined && statsigMetadata !== null && !isJsonObject(statsigMetadata)) {
    throw wrongShape('statsigMetadata is not an object.');
  }
  const lists = { events: readList(events, 'events'), exposures: readList(exposures, 'exposures') };
  const count = lists.events.length + lists.exposures.length;
  requireFewEvents(count);
  return {
    ...lists,
    user: user ?? null,
    senderMetadata: statsigMetadata ?? null,
    clientTime,
  };
}

function readList(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongShape(`${name} is not an array.`);
  return value;
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
 * {@link EvaluationText}. Without the first, the collector takes 12 % longer, without the second 40 %.
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
