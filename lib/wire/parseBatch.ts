import { isJsonObject, type JsonObject } from '../json/JsonObject.ts';
import { CostMeter, jsonCost } from '../json/jsonCost.ts';
import { parseExactJson } from '../json/parseExactJson.ts';
import { toWellFormed } from '../json/toWellFormed.ts';
import { MAX_EVENTS, MAX_NODES, MAX_PARSE_UNITS, UNMEASURED_LENGTH } from './limits.ts';
import { parseBody } from './parseBody.ts';
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
  const lists = { events: listOf(events, 'events'), exposures: listOf(exposures, 'exposures') };
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

function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw wrongShape(`${name} is no array.`);
  return value;
}

function wrongShape(detail: string) {
  return new RequestError('SLUICE_BODY_WRONG_SHAPE', detail);
}
