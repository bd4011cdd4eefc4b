import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { scalarText } from '../../tables/memberWriter.ts';
import { EvaluationText } from '../../wire/EvaluationText.ts';
import { eventRefusal } from '../../wire/EventError.ts';
import type { ResolvedName } from '../../wire/experimentNames.ts';
import { TELEMETRY_EVENTS } from '../../wire/sdkEvents.ts';
import { eventFilter, type IgnoredReason, type ItemNames } from '../eventFilter.ts';
import type { LogEvent } from '../Protocol.ts';
import { EXPOSURE_KINDS } from './exposures.ts';

/**
 * Splits a raw event into its members. The checks are written by hand, because they run for every event.
 *
 * @param batchUser The user of events that have none.
 * @param landTelemetry Whether events that SDKs log about themselves land. Default they are counted.
 * @throws EventError `SLUICE_EVENT_NOT_AN_OBJECT`, `SLUICE_EVENT_NO_NAME`, `SLUICE_EVENT_BAD_USER`.
 */
export function readEvent(raw: unknown, batchUser: JsonObject | null, landTelemetry = false): LogEvent {
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
    countedAs: exposure === null && !landTelemetry && TELEMETRY_EVENTS.has(eventName) ? eventName : null,
    user: isJsonObject(user) ? user : batchUser,
    value: raw['value'] ?? null,
    metadata: exposure === null && metadata instanceof EvaluationText ? metadata.toObject() : metadata,
    time: raw['time'] ?? null,
    secondaryExposures: raw['secondaryExposures'] ?? null,
    senderMetadata: raw['statsigMetadata'] ?? null,
    extras: readExtras(raw),
  };
}

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
  const own = metadata ?? {};
  if (!isJsonObject(own)) return item;
  const rule = { ruleID: ruleID ?? group ?? own['ruleID'] ?? '', isManualExposure: 'true' };
  const named = group === undefined ? rule : { ...rule, group };
  if (others['experimentName'] !== undefined) {
    const { experimentName, ...rest } = others;
    return makeEvent('statsig::config_exposure', { ...own, config: experimentName, ...named }, rest);
  }
  if (others['gateName'] === undefined) return item;
  const { gateName, passes, ...rest } = others;
  const gateValue = passes === undefined ? {} : { gateValue: String(passes) };
  return makeEvent('statsig::gate_exposure', { ...own, gate: gateName, ...gateValue, ...named }, rest);
}

function makeEvent(eventName: string, metadata: JsonObject, others: JsonObject): JsonObject {
  return { ...others, eventName, metadata };
}

/**
 * The names of a raw event: an exposure is chosen by its gate, config, experiment or layer, and by the experiment that a layer
 * allocated. Null for an event without a name.
 *
 * @param resolve Resolves hashed names.
 */
export function eventNames(event: unknown, resolve: (sent: string) => ResolvedName): ItemNames | null {
  if (!isJsonObject(event)) return null;
  const { eventName, metadata: sent } = event;
  if (typeof eventName !== 'string' || eventName === '') return null;
  const kind = EXPOSURE_KINDS.get(eventName);
  if (kind === undefined) return { kind: 'events', names: [eventName] };
  if (!isJsonObject(sent)) return null;
  const metadata = EvaluationText.parsed(sent);
  const name = scalarText(metadata[kind === 'gate' ? 'gate' : 'config']);
  if (name === null || name === '') return null;
  const allocated = kind === 'layer' ? scalarText(metadata['allocatedExperiment']) : null;
  const isAllocated = allocated !== null && allocated !== '';
  return { kind: 'exposures', names: isAllocated ? [name, resolve(allocated).name] : [name] };
}

/** The filter of configured lists for raw events, as `events` of a body has them; null when there are no lists. */
export function rawEventFilter(
  lists: Parameters<typeof eventFilter>[0],
  resolve: (sent: string) => ResolvedName,
): RawEventFilter | null {
  const filter = eventFilter(lists, (event) => eventNames(event, resolve));
  return filter === null ? null : (event) => filter(event, 'events');
}

/** Why a valid raw event is not chosen; null when it is, or has no name. */
export type RawEventFilter = (event: unknown) => IgnoredReason | null;
