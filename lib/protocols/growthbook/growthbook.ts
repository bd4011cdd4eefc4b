import type { CanonicalJsonWriter } from '../../base/canonicalJson.ts';
import { isEmptyJson, isJsonObject, type JsonObject } from '../../base/json.ts';
import type { CostMeter } from '../../base/jsonCost.ts';
import { idText, scalarText } from '../../tables/memberWriter.ts';
import { eventRefusal } from '../../wire/EventError.ts';
import { parseJsonBody, requireFewEvents, wrongShape } from '../../wire/jsonBody.ts';
import { keyOf } from '../../wire/keys/keyForm.ts';
import type { Redaction } from '../../wire/Redaction.ts';
import { refusalInWords } from '../../wire/RequestError.ts';
import { readPlainRequest } from '../../wire/sdkRequest.ts';
import { eventFilter, type ItemNames } from '../eventFilter.ts';
import type { Batch, EventReader, LogEvent, Protocol, ReaderContext } from '../Protocol.ts';
import { exposureColumns, presentMembers, withheldItem } from '../shared.ts';

/**
 * The tracking plugins of GrowthBook's SDKs: `POST <ingestorHost>/track?client_key=sdk-…`, a JSON array as `text/plain`.
 * https://github.com/growthbook/growthbook, packages/sdk-js/src/plugins/growthbook-tracking.ts
 *
 * The SDK for Python logs a warning on any status but 200, so 202 is not used here. None of them sends a batch again.
 */
export const growthbook: Protocol = {
  name: 'growthbook',
  takes: (path) => path.endsWith('/track'),
  readRequest(http) {
    const query = new URLSearchParams(http.rawQueryString);
    return readPlainRequest(http, keyOf(query.get('client_key'), ['sdk']));
  },
  requireEvents() {},
  isReport: () => false,
  endpointName: () => null,
  accepted: { status: 200, body: '{"success":true}' },
  refusal: refusalInWords(
    "Send the SDK's client key, sdk-…, in the query parameter client_key.",
    'Send a JSON array of events, as the tracking plugin does: docs/growthbook.md.',
  ),
  isRelayed: false,
  reader: growthbookReader,
};

/** Events that the SDKs log by themselves: of JavaScript, Node and Go, and of Python. */
const EXPERIMENT_VIEWED: readonly string[] = ['Experiment Viewed', '$$experiment_viewed'];
const FEATURE_EVALUATED: readonly string[] = ['Feature Evaluated', '$$feature_evaluated'];

/** Members of their properties that columns come from. Redaction does not apply to them. */
const EVALUATION_MEMBERS: ReadonlySet<string> = new Set([
  ...['experimentId', 'experiment_id', 'variationId', 'variation_id', 'variation_key', 'in_experiment'],
  ...['feature', 'feature_key', 'ruleId', 'rule_id', 'source'],
]);

/** Attributes that the SDKs send as `device_id`, the first that is there. */
const DEVICE_ATTRIBUTES: readonly string[] = ['device_id', 'anonymous_id', 'id'];

function growthbookReader(context: ReaderContext): EventReader {
  // An attribute is a unit if it is called like a configured unit ID, or like its column.
  const units = Object.entries(context.unitIds).flatMap(([unitId, column]): [string, string][] => [
    [unitId.toLowerCase(), unitId],
    [column.toLowerCase(), unitId],
  ]);
  return {
    filter: eventFilter(context, namesOf),
    parse: parseTracked,
    read: (item) => readTracked(item, new Map(units)),
    evaluate: (exposure, json) => ({
      own: context.writeEvaluation(evaluationColumns(exposure)),
      metadata: json.write(exposure.metadata),
      unresolved: false,
    }),
    storedEvaluation({ metadata }, redaction, json: CanonicalJsonWriter) {
      const members = Object.entries(isJsonObject(metadata) ? metadata : {});
      const kept = redaction.metadata(metadata, json);
      const evaluated = members.filter(([name]) => EVALUATION_MEMBERS.has(name));
      return json.write({ ...(isJsonObject(kept) ? kept : null), ...Object.fromEntries(evaluated) });
    },
    storedUser: (user, redaction, json) => redactedUser(user, context.unitIds, redaction, json),
    sent: (item) => item,
    redacted: withheldItem,
    common: () => ({}),
    body: (lists) => `[${lists.map(([, items]) => items).join()}]`,
  };
}

function parseTracked(text: string, exact: boolean, meter: CostMeter): Batch {
  const events = parseJsonBody(text, exact, meter);
  if (!Array.isArray(events)) throw wrongShape('It is not an array of events.');
  requireFewEvents(events.length);
  const [first] = events;
  const senderMetadata = isJsonObject(first) ? presentMembers(sdkOf(first)) : null;
  return { events, exposures: [], user: null, senderMetadata, clientTime: null };
}

function sdkOf({ sdk_language: language, sdk_version: version }: JsonObject) {
  return { sdkType: typeof language === 'string' ? `growthbook-${language}` : null, sdkVersion: version };
}

/** Kind of the evaluated object; null for an event that the application logs. */
function exposureKind(name: unknown): 'experiment' | 'feature' | null {
  if (typeof name !== 'string') return null;
  if (EXPERIMENT_VIEWED.includes(name)) return 'experiment';
  return FEATURE_EVALUATED.includes(name) ? 'feature' : null;
}

function namesOf(item: unknown): ItemNames | null {
  if (!isJsonObject(item)) return null;
  const { event_name: name, properties_json: properties } = item;
  const kind = exposureKind(name);
  if (kind === null)
    return typeof name === 'string' && name !== '' ? { kind: 'events', names: [name] } : null;
  const evaluated = isJsonObject(properties) ? evaluatedName(kind, properties) : null;
  return evaluated === null ? null : { kind: 'exposures', names: [evaluated] };
}

function evaluatedName(kind: 'experiment' | 'feature', properties: JsonObject): string | null {
  const names = kind === 'experiment' ? ['experimentId', 'experiment_id'] : ['feature', 'feature_key'];
  return firstText(properties, names);
}

/** The first of some members that is a text with characters, or a number. */
function firstText(members: JsonObject, names: readonly string[]): string | null {
  for (const name of names) {
    const text = scalarText(members[name]);
    if (text !== null && text !== '') return text;
  }
  return null;
}

/** @param units Unit IDs by names of attributes in lower case. @throws EventError. */
function readTracked(item: unknown, units: ReadonlyMap<string, string>): LogEvent {
  if (!isJsonObject(item)) throw eventRefusal('SLUICE_EVENT_NOT_AN_OBJECT');
  const { event_name: name, properties_json, context_json, user_id, device_id, ...rest } = item;
  const {
    sdk_language: _language,
    sdk_version: _version,
    session_id,
    page_id,
    url,
    page_title,
    ...others
  } = rest;
  const { utm_source, utm_medium, utm_campaign, utm_term, utm_content, ...extras } = others;
  if (typeof name !== 'string' || name === '') throw eventRefusal('SLUICE_EVENT_NO_NAME');
  const properties = objectOf(properties_json, 'properties_json');
  const attributes = objectOf(context_json, 'context_json');
  const exposure = exposureKind(name);
  const { hashValue, hash_value, ...evaluated } = properties;
  return {
    name,
    exposure,
    countedAs: null,
    user: userOf({ userId: idText(user_id), deviceId: idText(device_id), attributes, properties, units }),
    value: exposure === null ? (scalarText(properties['value']) === null ? null : properties['value']) : null,
    metadata: exposure === null ? (isEmptyJson(properties) ? null : properties) : evaluated,
    time: null,
    secondaryExposures: null,
    senderMetadata: presentMembers({
      ...{ ...sdkOf(item), sessionID: session_id, pageID: page_id, currentPage: url, pageTitle: page_title },
      ...{ utmSource: utm_source, utmMedium: utm_medium, utmCampaign: utm_campaign },
      ...{ utmTerm: utm_term, utmContent: utm_content },
    }),
    hasOwnSender: true,
    isSameAllDay: exposure !== null,
    extras: isEmptyJson(extras) ? null : extras,
  };
}

function objectOf(value: unknown, member: 'properties_json' | 'context_json'): JsonObject {
  if (value === undefined || value === null) return {};
  // PHP has one type for lists and objects and writes an object without members as an empty list.
  if (Array.isArray(value) && value.length === 0) return {};
  if (!isJsonObject(value)) throw eventRefusal('SLUICE_EVENT_BAD_MEMBER', `${member} is not an object.`);
  return value;
}

/** The unit that was hashed is an ID of the user, so that it is redacted as one and is not in the metadata too. */
function userOf({
  userId,
  deviceId,
  attributes,
  properties,
  units,
}: {
  readonly userId: string | null;
  readonly deviceId: string | null;
  readonly attributes: JsonObject;
  readonly properties: JsonObject;
  readonly units: ReadonlyMap<string, string>;
}): JsonObject | null {
  const hashed = firstText(properties, ['hashAttribute', 'hash_attribute']);
  const value = firstText(properties, ['hashValue', 'hash_value']);
  const isUser = hashed === 'user_id' && (userId === null || userId === value);
  const isDevice =
    hashed !== null && DEVICE_ATTRIBUTES.includes(hashed) && (deviceId === null || deviceId === value);
  const ids = Object.entries(attributes).flatMap(([name, id]): [string, unknown][] => {
    const unitId = units.get(name.toLowerCase());
    return unitId === undefined || idText(id) === null ? [] : [[unitId, id]];
  });
  const own =
    hashed === null || isUser || isDevice ? [] : [[units.get(hashed.toLowerCase()) ?? hashed, value]];
  const customIDs = presentMembers({
    stableID: isDevice ? (deviceId ?? value) : deviceId,
    ...Object.fromEntries([...ids, ...own]),
  });
  return presentMembers({
    userID: isUser ? (userId ?? value) : userId,
    customIDs,
    custom: isEmptyJson(attributes) ? null : attributes,
  });
}

/** An ID that was an attribute is redacted by the attribute's path, too, if its own path leaves it as it is. */
function redactedUser(
  user: JsonObject | null,
  unitIds: ReaderContext['unitIds'],
  redaction: Redaction,
  json: CanonicalJsonWriter,
): JsonObject | null {
  const kept = redaction.user(user, json);
  const sent = user?.['customIDs'];
  if (!isJsonObject(sent) || !isJsonObject(kept?.['customIDs'])) return kept;
  const shownAs = (name: string, id: unknown): unknown => {
    const custom = redaction.user({ custom: { [name]: id } }, json)?.['custom'];
    return isJsonObject(custom) ? custom[name] : undefined;
  };
  const customIDs = Object.entries(kept['customIDs']).map(([name, id]): [string, unknown] => {
    // The SDKs send a device as a member of its own, not as an attribute.
    if (name === 'stableID' || id !== sent[name]) return [name, id];
    const shown = [name, unitIds[name] ?? name].map((attribute) => shownAs(attribute, id));
    return [name, shown.includes(undefined) ? undefined : (shown.find((value) => value !== id) ?? id)];
  });
  return presentMembers({ ...kept, customIDs: presentMembers(Object.fromEntries(customIDs)) });
}

/** @throws EventError `SLUICE_EVENT_BAD_EXPOSURE` when it names no experiment with a variation, and no feature. */
function evaluationColumns({ exposure, metadata }: LogEvent) {
  const properties = isJsonObject(metadata) ? metadata : {};
  const kind = exposure === 'feature' ? 'feature' : 'experiment';
  const name = evaluatedName(kind, properties);
  // Python sends the index as variation_id, and as variation_key what the others send as variationId.
  const variation = firstText(properties, ['variation_key', 'variationId', 'variation_id']);
  if (name === null || (kind === 'experiment' && variation === null))
    throw eventRefusal('SLUICE_EVENT_BAD_EXPOSURE');
  const columns = exposureColumns(kind, name, variation);
  if (kind === 'experiment') return { ...columns, is_assignment: properties['in_experiment'] !== false };
  // The experiment of a feature has an event of its own: what assigns is there.
  const value = properties['value'] ?? properties['feature_value'];
  return {
    ...columns,
    rule_id: firstText(properties, ['ruleId', 'rule_id']),
    gate_value: typeof value === 'boolean' ? value : null,
    reason: firstText(properties, ['source']),
  };
}
