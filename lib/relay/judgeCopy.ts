import { tryParseExactJson } from '../base/exactJson.ts';
import { isJsonObject, type JsonObject } from '../base/json.ts';
import { decodeBody } from '../wire/decodeBody.ts';
import { RequestError } from '../wire/RequestError.ts';
import { bodyMarkers } from '../wire/sdkRequest.ts';
import type { Found } from './idValues.ts';
import type { RelayCopy } from './RelayCopy.ts';

/** Counts of the events of a copy: those of the units that are looked for, and those of others. */
interface UnitEvents {
  /** Whether a unit is in the copy, be it with an event or where its ID may mean something else. */
  readonly hasUnit: boolean;
  /** Events of the units. */
  readonly own: number;
  /** Events of others. */
  readonly others: number;
}

/** Finds units in what a copy has. */
interface UnitFinder {
  /** How a value of JSON has a unit; null if it has none. */
  findValue(value: unknown): Found | null;
  /** How a text that is not JSON, or too costly to parse, names a unit; null if it names none. */
  findNamed(text: string): Found | null;
}

/**
 * Counts the events of a copy that are of the units that are looked for. An event is theirs if it has one of their IDs under
 * the key of a unit. All events are theirs if what they share, as the request's user, has an ID so. If an equal value is
 * elsewhere, where it may mean something else, the copy has the unit, but its events count as others'. A body that is not
 * JSON is one event if it names a unit.
 *
 * @returns `unreadable` for a body that the collector would refuse, or that is not JSON and does not name a unit.
 * @throws An error that is not the body's fault, such as too little memory.
 */
export function judgeCopy(copy: RelayCopy, units: UnitFinder): UnitEvents | 'unreadable' {
  const text = textOf(copy);
  if (text === null) return 'unreadable';
  const body = tryParseExactJson(text);
  return isJsonObject(body) ? judgeBody(body, units) : judgeText(text, units);
}

/** The events of a body. The collector keeps a copy only if `events` and `exposures` are lists or absent. */
function judgeBody({ events, exposures, ...shared }: JsonObject, units: UnitFinder): UnitEvents {
  const all = [events, exposures].flatMap((list): unknown[] => (Array.isArray(list) ? list : []));
  const inShared = units.findValue(shared);
  const inEvents = all.map((event) => units.findValue(event));
  const own = inShared === 'unit' ? all.length : inEvents.filter((found) => found === 'unit').length;
  const hasUnit = inShared !== null || inEvents.some((found) => found !== null);
  return { hasUnit, own, others: all.length - own };
}

/** A text whose events cannot be told apart counts as one event, if it names a unit. */
function judgeText(text: string, units: UnitFinder): UnitEvents | 'unreadable' {
  switch (units.findNamed(text)) {
    case 'unit':
      return { hasUnit: true, own: 1, others: 0 };
    case 'elsewhere':
      return { hasUnit: true, own: 0, others: 1 };
    case null:
      return 'unreadable';
  }
}

/** The text of a copy's body; null if the collector would refuse it. */
function textOf({ query, headers, body }: RelayCopy): string | null {
  try {
    return decodeBody(body, bodyMarkers(headers, new URLSearchParams(query))).text;
  } catch (error) {
    // Null may end in the deletion of the copy: what failed here for another reason is tried again.
    if (error instanceof RequestError) return null;
    throw error;
  }
}
