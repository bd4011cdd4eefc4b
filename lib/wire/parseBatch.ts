import { randomInt } from 'node:crypto';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { EvaluationText } from './EvaluationText.ts';
import { parseJsonBody, requireFewEvents, wrongShape } from './jsonBody.ts';
import { MAX_EVENTS } from './limits.ts';

/** The two lists that a body may have. */
export type ItemList = 'events' | 'exposures';

/** One body: items that are not yet validated, and what they share, without private attributes. */
export interface Batch {
  /** Items of the body's `events`, in their order. */
  readonly events: readonly unknown[];
  /** Items of the body's `exposures`, in their order. */
  readonly exposures: readonly unknown[];
  /** The batch's own user, which counts for every event that has none. */
  readonly user: JsonObject | null;
  /** The SDK's metadata about itself: `statsigMetadata`. */
  readonly senderMetadata: JsonObject | null;
  /** The sender's clock when it sent the batch, if the body states it; not validated. */
  readonly clientTime: unknown;
  /** How many values were sent as `NaN` or as infinite. They are null now. */
  readonly notANumbers: number;
}

/**
 * Reads a body's JSON: `{events: […]}`, or `{exposures: […]}` from the HTTP API's custom exposures, or both.
 *
 * @param exact Keep numbers that a double cannot hold; slower.
 * @throws RequestError `SLUICE_BODY_NOT_JSON`, `SLUICE_BODY_TRUNCATED`, `SLUICE_BODY_JSON_IN_TEXT`,
 *   `SLUICE_BODY_WRONG_SHAPE`, `SLUICE_BODY_TOO_MANY_EVENTS`.
 */
export function parseBatch(text: string, exact = false): Batch {
  const { value: parsed, notANumbers } = parseJsonBody(text, exact, parseBody);
  if (!isJsonObject(parsed)) throw wrongShape('It is not an object.', parsed);
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
    notANumbers,
  };
}

/** A list of the body; empty if it is absent or null. @throws RequestError for a value that is no list. */
function readList(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongShape(`${name} is not an array.`, value);
  return value;
}

/**
 * How an event's metadata begins, `metadata":{`, in two parts. The first quote is left out: it is the most common
 * character, and would make the search slow.
 */
const METADATA = 'metada';
const METADATA_REST = 'ta":{';

/**
 * Replaces the first metadata in the shortened text; the next lower numbers replace the others. Senders cannot know
 * these numbers, so no number that was sent is mistaken for one, and they are short enough that V8 reads them quickly.
 */
const MARK = -(2 ** 28 + randomInt(2 ** 29));

/**
 * JSON.parse for bodies as SDKs write them: the metadata of exposures is not parsed, but becomes an {@link EvaluationText}.
 * Without it, 20 events take 18 % longer.
 *
 * It is taken out where the text has `metadata":{…}`. A string cannot contain that, because its quotes would be
 * escaped, but an object inside an event can. If such metadata turns out not to be a member of an event, the whole text
 * is parsed as it is.
 *
 * @returns What JSON.parse returns, except that `metadata` of `events` may be an EvaluationText.
 * @throws SyntaxError as JSON.parse.
 */
export function parseBody(text: string): unknown {
  // All intermediate values are released before the text is parsed as it is: a large one needs the memory.
  return parseShortened(text) ?? JSON.parse(text);
}

/** The value, with metadata that was not parsed; nothing when the text has to be parsed as it is. */
function parseShortened(text: string): unknown {
  const evaluations: EvaluationText[] = [];
  const members: number[] = [];
  let shortened = '';
  let from = 0;
  for (let at = nextMetadata(text, 0); at !== -1; ) {
    // Among more metadata than the most events, some cannot be members of events.
    if (evaluations.length === MAX_EVENTS) return null;
    const start = at + METADATA.length + METADATA_REST.length - 1;
    const evaluation = EvaluationText.at(text, start, members);
    if (evaluation !== null) {
      shortened += text.slice(from, start) + String(MARK - evaluations.length);
      evaluations.push(evaluation);
      from = evaluation.end;
    }
    at = nextMetadata(text, start);
  }
  if (evaluations.length === 0) return null;
  try {
    const parsed: unknown = JSON.parse(shortened + text.slice(from));
    return putBack(parsed, evaluations) ? parsed : null;
  } catch {
    // Not JSON: parsing the text itself gives the better error.
  }
}

/** Where metadata that is an object comes next, -1 when none does. */
function nextMetadata(text: string, from: number): number {
  let at = text.indexOf(METADATA, from);
  while (at !== -1 && !text.startsWith(METADATA_REST, at + METADATA.length))
    at = text.indexOf(METADATA, at + METADATA.length);
  return at;
}

/** Puts the metadata back into their events. Returns whether all of them were members of events. */
function putBack(parsed: unknown, evaluations: readonly EvaluationText[]): boolean {
  if (!isJsonObject(parsed) || !Array.isArray(parsed['events'])) return false;
  let found = 0;
  for (const event of parsed['events']) {
    if (!isWritable(event)) continue;
    const { metadata } = event;
    const evaluation = typeof metadata === 'number' ? evaluations[MARK - metadata] : undefined;
    if (evaluation === undefined) continue;
    event['metadata'] = evaluation;
    found += 1;
  }
  return found === evaluations.length;
}

/** Whether members can be set on a value. */
function isWritable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
