import { isJsonObject, type JsonObject } from '../base/json.ts';
import { EvaluationText } from './EvaluationText.ts';
import { eventRefusal } from './EventError.ts';

/**
 * How names of events begin that SDKs log by themselves, such as `statsig::identify` and `statsig::log_line`. They are
 * in the raw tables, but they are not events of a product.
 */
export const SDK_EVENTS = 'statsig::';

/**
 * Events that SDKs log about themselves. They land only if the configuration says so: they are of no use to analysts,
 * and one session recording can be larger than a Firehose record. By default they are only counted by name.
 */
export const TELEMETRY_EVENTS: ReadonlySet<string> = new Set([
  'statsig::diagnostics',
  'statsig::non_exposed_checks',
  'statsig::session_recording',
]);

/** Kind of the evaluated object. */
export type ExposureKind = 'gate' | 'config' | 'layer';

/** Kind of an exposure event, by its name. */
export const EXPOSURE_KINDS: ReadonlyMap<string, ExposureKind> = new Map([
  ['statsig::gate_exposure', 'gate'],
  ['statsig::config_exposure', 'config'],
  ['statsig::layer_exposure', 'layer'],
]);

/** One event, split into its members; null where it has none. Its values are not validated. */
export interface LogEvent {
  /** The name as it was sent. */
  readonly name: string;
  /** Kind of the evaluated object; null for an event that the application logs. */
  readonly exposure: ExposureKind | null;
  /** Name under which an event is only counted; null for one that lands. */
  readonly countedAs: string | null;
  /** The event's own user, else the batch's; null if neither has one. */
  readonly user: JsonObject | null;
  /** The value as it was sent. */
  readonly value: unknown;
  /** The metadata. An exposure's metadata that came as SDKs write it is not parsed yet: {@link EvaluationText}. */
  readonly metadata: unknown;
  /** The time as it was sent. */
  readonly time: unknown;
  /** The gates that decided beside it, as they were sent. */
  readonly secondaryExposures: unknown;
  /** The SDK's metadata in this event, which overrides the batch's. */
  readonly senderMetadata: unknown;
  /** Members that Statsig does not document; null when there are none. */
  readonly extras: JsonObject | null;
}

/**
 * Splits a raw event into its members. The checks are written by hand, because they run for every event.
 *
 * @param batchUser The user of events that have none.
 * @param landTelemetry Whether events that SDKs log about themselves land. Otherwise they are counted.
 * @throws EventError `SLUICE_EVENT_NOT_AN_OBJECT`, `SLUICE_EVENT_NO_NAME`, `SLUICE_EVENT_BAD_USER`.
 */
export function readEvent(raw: unknown, batchUser: JsonObject | null, landTelemetry: boolean): LogEvent {
  if (!isJsonObject(raw)) throw eventRefusal('SLUICE_EVENT_NOT_AN_OBJECT');
  const { eventName, user } = raw;
  if (typeof eventName !== 'string' || eventName === '') throw eventRefusal('SLUICE_EVENT_NO_NAME');
  // PHP has one type for lists and objects and writes a user without members as an empty list.
  const isNone = user === undefined || user === null || (Array.isArray(user) && user.length === 0);
  if (!isNone && !isJsonObject(user)) throw eventRefusal('SLUICE_EVENT_BAD_USER');
  const exposure = EXPOSURE_KINDS.get(eventName) ?? null;
  const metadata = raw['metadata'] ?? null;
  return {
    name: eventName,
    exposure,
    countedAs: !landTelemetry && TELEMETRY_EVENTS.has(eventName) ? eventName : null,
    user: isJsonObject(user) ? user : batchUser,
    value: raw['value'] ?? null,
    metadata: exposure === null && metadata instanceof EvaluationText ? metadata.toObject() : metadata,
    time: raw['time'] ?? null,
    secondaryExposures: raw['secondaryExposures'] ?? null,
    senderMetadata: raw['statsigMetadata'] ?? null,
    extras: readExtras(raw),
  };
}

/** Members that Statsig does not document; null if there are none. */
function readExtras(raw: JsonObject): JsonObject | null {
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
  // fromEntries defines members, so a key named __proto__ remains a key.
  return extras === undefined ? null : Object.fromEntries(extras);
}

/**
 * Turns an item of the HTTP API's `/v1/log_custom_exposure` into the log event it stands for:
 * `{user, experimentName, group | ruleID}` or `{user, gateName, passes, group | ruleID}`, with optional `time` and
 * `secondaryExposures`. The item's own metadata is kept, but these members override it; any other member remains a
 * member of the event. An item of another form is returned unchanged and refused like any invalid event.
 *
 * https://docs.statsig.com/http-api/overview (log_custom_exposure)
 */
export function fromCustomExposure(item: unknown): unknown {
  if (!isJsonObject(item)) return item;
  const { metadata, group, ruleID, ...others } = item;
  const ownMetadata = metadata ?? {};
  if (!isJsonObject(ownMetadata)) return item;
  const rule = { ruleID: ruleID ?? group ?? ownMetadata['ruleID'] ?? '', isManualExposure: 'true' };
  const named = group === undefined ? rule : { ...rule, group };
  if (others['experimentName'] !== undefined) {
    const { experimentName, ...rest } = others;
    return makeEvent('statsig::config_exposure', { ...ownMetadata, config: experimentName, ...named }, rest);
  }
  if (others['gateName'] === undefined) return item;
  const { gateName, passes, ...rest } = others;
  const gateValue = passes === undefined ? {} : { gateValue: String(passes) };
  return makeEvent(
    'statsig::gate_exposure',
    { ...ownMetadata, gate: gateName, ...gateValue, ...named },
    rest,
  );
}

/** An event with its name and metadata behind the members that it shares with its list. */
function makeEvent(eventName: string, metadata: JsonObject, others: JsonObject): JsonObject {
  return { ...others, eventName, metadata };
}
