import { isJsonObject, type JsonObject } from '../json/JsonObject.ts';
import { eventRefusal } from './eventRefusal.ts';

/** One log event with its members told apart; nothing is lost: what Statsig doesn't name is in `extras`. */
export interface LogEvent {
  readonly name: string;
  readonly user: JsonObject | null;
  readonly value: unknown;
  readonly metadata: unknown;
  readonly time: unknown;
  readonly secondaryExposures: unknown;
  readonly statsigMetadata: unknown;
  /** Members that no SDK documents, e.g. iOS's `allocatedExperimentHash`; null when there are none. */
  readonly extras: JsonObject | null;
}

/**
 * Tells the members of a raw event apart. Hand-written narrowing: it runs for every event.
 *
 * @param batchUser The user of events that have none.
 * @throws EventError `SLUICE_EVENT_NOT_AN_OBJECT`, `SLUICE_EVENT_NO_NAME`, `SLUICE_EVENT_BAD_USER`.
 */
export function readEvent(raw: unknown, batchUser: JsonObject | null): LogEvent {
  if (!isJsonObject(raw)) throw eventRefusal('SLUICE_EVENT_NOT_AN_OBJECT');
  const { eventName, user } = raw;
  if (typeof eventName !== 'string' || eventName === '') throw eventRefusal('SLUICE_EVENT_NO_NAME');
  // PHP has the same type for lists and objects, and writes a user without members as an empty list.
  const isNone = user === undefined || user === null || (Array.isArray(user) && user.length === 0);
  if (!isNone && !isJsonObject(user)) throw eventRefusal('SLUICE_EVENT_BAD_USER');
  return {
    name: eventName,
    user: isJsonObject(user) ? user : batchUser,
    value: raw['value'] ?? null,
    metadata: raw['metadata'] ?? null,
    time: raw['time'] ?? null,
    secondaryExposures: raw['secondaryExposures'] ?? null,
    statsigMetadata: raw['statsigMetadata'] ?? null,
    extras: extrasOf(raw),
  };
}

function extrasOf(raw: JsonObject): JsonObject | null {
  let extras: [string, unknown][] | undefined;
  for (const key in raw) {
    switch (key) {
      case 'eventName':
      case 'user':
      case 'value':
      case 'metadata':
      case 'time':
      case 'secondaryExposures':
      case 'statsigMetadata':
        break;
      default:
        extras ??= [];
        extras.push([key, raw[key]]);
    }
  }
  // fromEntries defines members, so that a key __proto__ stays a key.
  return extras === undefined ? null : Object.fromEntries(extras);
}
