import { isEmptyJson, isJsonObject, type JsonObject } from '../../base/json.ts';
import type { CostMeter } from '../../base/jsonCost.ts';
import { eventRefusal } from '../../wire/EventError.ts';
import { parseJsonBody, requireFewEvents, wrongShape } from '../../wire/jsonBody.ts';
import { keyOf } from '../../wire/keys/keyForm.ts';
import { refusalInWords } from '../../wire/RequestError.ts';
import { readPlainRequest } from '../../wire/sdkRequest.ts';
import { eventFilter, type ItemList } from '../eventFilter.ts';
import type { Batch, EventReader, LogEvent, Protocol, ReaderContext } from '../Protocol.ts';
import { exposureColumns, presentMembers, withheldItem } from '../shared.ts';
import { itemProblem, plainSchemas } from './schema.ts';

const PATHS: readonly string[] = ['/v1/exposures', '/v1/events'];

/**
 * The protocol for what has no SDK: `POST …/v1/exposures` and `POST …/v1/events` with the JSON of {@link plainSchemas}. The key is
 * a bearer token, or the parameter `key` for beacons, which have no headers.
 */
export const plain: Protocol = {
  name: 'plain',
  takes: (path) => PATHS.some((own) => path.endsWith(own)),
  readRequest(http) {
    const [, token] = /^Bearer (\S+)$/i.exec(http.headers['authorization'] ?? '') ?? [];
    const key = token ?? new URLSearchParams(http.rawQueryString).get('key');
    return readPlainRequest(http, keyOf(key, ['client', 'secret']));
  },
  requireEvents() {},
  isReport: () => false,
  endpointName: () => null,
  accepted: { status: 202, body: '{"success":true}' },
  refusal: refusalInWords(
    'Send a client-… or secret-… key in the header Authorization: Bearer …, or in the query parameter key.',
    'Send {"exposures": […]} or {"events": […]} as JSON, as docs/plain.schema.json has it.',
  ),
  isRelayed: false,
  reader: plainReader,
};

function plainReader(context: ReaderContext): EventReader {
  return {
    filter: eventFilter(context, (item, kind) => {
      const name = isJsonObject(item) ? item[kind === 'events' ? 'event' : 'experiment'] : null;
      return typeof name === 'string' && name !== '' ? { kind, names: [name] } : null;
    }),
    parse: parsePlain,
    read: readItem,
    evaluate({ exposure, metadata }, json) {
      const [experiment, group, groupName]: Evaluated = JSON.parse(exposure ?? '');
      const columns = exposureColumns('experiment', experiment, group);
      return {
        own: context.writeEvaluation({ ...columns, group_name: groupName, is_assignment: true }),
        metadata: json.write(metadata ?? {}),
        unresolved: false,
      };
    },
    storedEvaluation: ({ metadata }, redaction, json) => json.write(redaction.metadata(metadata, json) ?? {}),
    sent: (item) => item,
    redacted: withheldItem,
    common: () => ({}),
    body: (lists) => `{${lists.map(([list, items]) => `"${list}":[${items}]`).join()}}`,
  };
}

/** A body has one of the lists, at either path. */
function parsePlain(text: string, exact: boolean, meter: CostMeter): Batch {
  const body = parseJsonBody(text, exact, meter);
  if (!isJsonObject(body)) throw wrongShape('It is not an object.');
  const { events, exposures, ...others } = body;
  if (!isEmptyJson(others)) throw wrongShape('It has other members than events or exposures.');
  if ((events === undefined) === (exposures === undefined)) throw wrongShape('It needs events or exposures.');
  const lists = { events: listOf(events ?? [], 'events'), exposures: listOf(exposures ?? [], 'exposures') };
  requireFewEvents(lists.events.length + lists.exposures.length);
  return { ...lists, user: null, senderMetadata: null, clientTime: null };
}

function listOf(value: unknown, name: ItemList): readonly unknown[] {
  if (!Array.isArray(value)) throw wrongShape(`${name} is not an array.`);
  return value;
}

/** @throws EventError `SLUICE_EVENT_NOT_AN_OBJECT`, `SLUICE_EVENT_BAD_MEMBER`. */
function readItem(item: unknown, list: ItemList): LogEvent {
  if (!isJsonObject(item)) throw eventRefusal('SLUICE_EVENT_NOT_AN_OBJECT');
  const problem = itemProblem(item, plainSchemas[list]);
  if (problem !== null) throw eventRefusal('SLUICE_EVENT_BAD_MEMBER', problem);
  const isExposure = list === 'exposures';
  const { event, value, metadata = null, experiment, group, group_name } = item;
  const groupName = group_name === undefined ? null : String(group_name);
  const evaluated: Evaluated = [String(experiment), String(group), groupName];
  return {
    name: isExposure ? 'exposure' : String(event),
    exposure: isExposure ? JSON.stringify(evaluated) : null,
    countedAs: null,
    user: userOf(item),
    value: value ?? null,
    metadata,
    time: item['time'] ?? null,
    secondaryExposures: null,
    senderMetadata: presentMembers({ sessionID: item['session_id'] }),
    hasOwnSender: true,
    id: typeof item['id'] === 'string' ? `${list}:${item['id']}` : null,
    isSameAllDay: isExposure,
    extras: null,
  };
}

/** The members that columns come from, apart from the metadata, which can have members of any name. */
type Evaluated = readonly [experiment: string, group: string, groupName: string | null];

function userOf(item: JsonObject): JsonObject | null {
  const { user_id, stable_id, unit_ids, attributes, environment } = item;
  const ids = isJsonObject(unit_ids) ? unit_ids : {};
  return presentMembers({
    userID: user_id,
    customIDs: presentMembers({ stableID: stable_id, ...ids }),
    custom: attributes,
    statsigEnvironment: environment === undefined ? null : { tier: environment },
  });
}
