import * as z from 'zod';
import { tryParseExactJson } from '../../../lib/base/exactJson.ts';
import { isJsonObject, type JsonObject, parseJson } from '../../../lib/base/json.ts';
import { sum } from '../../../lib/base/sum.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';
import { idText } from '../../../lib/tables/memberWriter.ts';
import { EXPOSURE_KINDS } from '../../../lib/wire/readEvent.ts';

/** A request that the collector answered, as its own log line has it: without anything of its contents. */
export interface LiveRequest {
  /** Tells a request from an event. */
  readonly type: 'request';
  /** Time at which the request was answered, ISO 8601. */
  readonly at: string;
  /** The gateway's ID; null if the function does not know it. */
  readonly request_id: string | null;
  /** Status of the answer: 202, 4xx or 503. */
  readonly status: number;
  /** Milliseconds from its arrival in the function to its answer. */
  readonly ms: number;
  /** Name of the SDK on Statsig's list, `other`, or `unknown`; null if the batch was not read, and headers and query name none. */
  readonly sdk_type: string | null;
  /** Version of the SDK; null if the batch was not read, and headers and query state none, or if it states none itself. */
  readonly sdk_version: string | null;
  /** Label of the SDK key; null before the key was accepted. */
  readonly key_label: string | null;
  /** The first eight digits of the SHA-256 of a key that was not accepted, or `of another form`; null without one. */
  readonly sent_key: string | null;
  /** Name of an endpoint of Statsig that the collector does not serve; else null. Logs have no paths, because paths can hold keys. */
  readonly endpoint: string | null;
  /** The `Host` of a request that the local cloud has refused for it; else null. */
  readonly host: string | null;
  /** Events of the batch. A body that went to quarantine as a whole counts as one, and one that nobody read as none. */
  readonly received: number;
  /**
   * Exposures that are in Firehose, or in an object of the bucket because they are too large for it or the configuration says
   * `landing: 'direct'`.
   */
  readonly exposures: number;
  /** Other events that are stored, as `exposures`. */
  readonly events: number;
  /** Refused events and bodies that are stored, as `exposures`. */
  readonly quarantined: number;
  /** Events that Firehose did not take in time: they are in an object of `landing/direct/`. */
  readonly overflowed: number;
  /** Code of the answer; null for 202. */
  readonly code: string | null;
  /** Number of refused events by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** Number of ignored events by reason. */
  readonly ignored_as: Readonly<Record<string, number>>;
  /** Number of stored events by what was noted of their times, clocks and names: docs/answers.md. */
  readonly noted: Readonly<Record<string, number>>;
  /** How far the sender's clock was behind, in milliseconds; null if the request does not state it, or was not read. */
  readonly clock_skew_ms: number | null;
  /** How far an event that is noted as `clock_ahead` is ahead of its receipt at most, in milliseconds; 0 without any. */
  readonly ahead_ms: number;
  /** Why the rows did not go to Firehose, or not in time: `not_acknowledged: TimeoutError`. Null if they did, or there are none. */
  readonly not_streamed: string | null;
  /** What became of the copy for relay: `not_kept` if neither queue nor bucket took it. Null if nothing is relayed. */
  readonly relay: string | null;
}

/** A row that a delivery stream accepted. Only the local cloud shows them. */
export interface LiveEvent {
  /** Tells an event from a request. */
  readonly type: 'event';
  /** Time at which the stream accepted it, ISO 8601. */
  readonly at: string;
  /** The table that the row is of. */
  readonly kind: TableKind;
  /** Its `event_id`, or `quarantine_id` of a refused one; null without one. */
  readonly event_id: string | null;
  /** Name of the event, or of the experiment, gate, config or layer. Of a refused one, null if it cannot be read. */
  readonly name: string | null;
  /** The user, else the stable ID, else the first of the configured unit IDs; null without any. Of a refused one the user alone. */
  readonly unit: string | null;
  /** Name or ID of the group; null of what is no exposure. */
  readonly group: string | null;
  /** Why it is in quarantine; null for the others. */
  readonly code: string | null;
  /** Name of the SDK on Statsig's list, `other`, or `unknown`; null if the row does not have it. */
  readonly sdk_type: string | null;
  /** Version of the SDK; null if the row does not have it. */
  readonly sdk_version: string | null;
  /** The row as it was put on the stream; null where it was left out. */
  readonly row: Readonly<Record<string, unknown>> | null;
}

/** An entry of the live feed: a request, or a row. */
export type LiveEntry = LiveRequest | LiveEvent;

/** The entries since a cursor. */
export interface LiveAnswer {
  /** Oldest first. */
  readonly entries: readonly LiveEntry[];
  /** The position to read on from. */
  readonly next: string;
  /** Lines or rows that went before they were read, or were too many; matching or not. */
  readonly dropped: number;
  /** Whether the local cloud is stopping: nothing follows. */
  readonly ended: boolean;
  /** What entries leave out, in sentences: nothing in the local cloud. */
  readonly notes: readonly string[];
}

/** A text; null where the line has none. */
const text = z.string().nullable().default(null);
/** A number; 0 where the line has none. */
const number = z.number().default(0);
/** Numbers by code or reason; none where the line has none. */
const counts = z.record(z.string(), z.number()).default({});

/**
 * The line that the collector writes into its log: lib/collect/answer.ts. {@link LiveRequest} says what most members
 * mean.
 */
const requestLine = z.object({
  event: z.literal('collect'),
  request_id: text,
  status: z.number(),
  ms: z.number(),
  /** Type and version, with a space between them. */
  sdk: text,
  /** Label of the SDK key. */
  key: text,
  sent_key: text,
  endpoint: text,
  /** Events of the batch; absent if it was not read. */
  events: z.number().optional(),
  exposures_landed: number,
  events_landed: number,
  quarantined: number,
  overflowed: number,
  code: text,
  refused: counts,
  /** Ignored events by reason. */
  counted: counts,
  noted: counts,
  clock_skew_ms: z.number().nullable().default(null),
  ahead_ms: number,
  not_streamed: text,
  relay: text,
});

/** A request by the collector's own line in its log; undefined for any other line. @param at When it was written, ISO 8601. */
export function readRequestLine(line: string, at: string): LiveRequest | undefined {
  // Most lines are metrics.
  if (!line.includes('"event":"collect"')) return undefined;
  const { data } = requestLine.safeParse(parseJson(line));
  return data === undefined ? undefined : requestOf(data, at);
}

/** A request that came to no function, as the local cloud did not let its `Host` in. @param at When it came, ISO 8601. */
export function refusedRequest(
  { status, code, host }: Pick<LiveRequest, 'status' | 'code' | 'host'>,
  at: string,
): LiveRequest {
  const line = requestLine.parse({ event: 'collect', ms: 0, status, code });
  return { ...requestOf(line, at), host };
}

/** A line of the collector as an entry. */
function requestOf(line: z.output<typeof requestLine>, at: string): LiveRequest {
  const { event, sdk, key, events, exposures_landed, events_landed, counted, ...named } = line;
  const [sdk_type = null, sdk_version = null] = sdk?.split(' ', 2) ?? [];
  return {
    ...named,
    type: 'request',
    at,
    sdk_type,
    sdk_version,
    key_label: key,
    host: null,
    received: events ?? sum(Object.values(named.refused)) + sum(Object.values(counted)),
    exposures: exposures_landed,
    events: events_landed,
    ignored_as: counted,
  };
}

/** What is known of a row of a stream beside its columns. */
interface StreamedAs {
  /** The table that the row is of. */
  readonly kind: TableKind;
  /** When the stream accepted it, ISO 8601. */
  readonly at: string;
  /** Columns of the configured unit IDs. */
  readonly unitColumns: readonly string[];
}

/** A row of a stream as an entry. */
export function eventOf(
  row: Readonly<Record<string, unknown>>,
  { kind, at, unitColumns }: StreamedAs,
): LiveEvent {
  const units = ['user_id', 'stable_id', ...unitColumns].map((column) => textOf(row[column]));
  const ownMembers = {
    name: textOf(row[kind === 'events' ? 'event_name' : 'experiment_id']),
    unit: units.find((unit) => unit !== null) ?? null,
  };
  const isRefused = kind === 'quarantine';
  return {
    type: 'event',
    at,
    kind,
    event_id: textOf(row[isRefused ? 'quarantine_id' : 'event_id']),
    ...(isRefused ? readRaw(textOf(row['raw']) ?? '') : ownMembers),
    group: textOf(row['group_id']),
    code: isRefused ? textOf(row['reason']) : null,
    sdk_type: textOf(row['sdk_type']),
    sdk_version: textOf(row['sdk_version']),
    row,
  };
}

/**
 * The name and the user of a refused event, as far as it has them. A body with several events has neither.
 * docs/quarantine.md, `raw`.
 */
function readRaw(raw: string): Pick<LiveEvent, 'name' | 'unit'> {
  const body = tryParseExactJson(raw);
  if (!isJsonObject(body)) return { name: null, unit: null };
  const list = body['events'] ?? body['exposures'];
  const [event, ...more] = Array.isArray(list) ? list : [body];
  if (!isJsonObject(event) || more.length > 0) return { name: null, unit: null };
  const user = event['user'] ?? body['user'];
  return { name: sentName(event), unit: isJsonObject(user) ? idText(user['userID']) : null };
}

/** The name of an event as it was sent: of an SDK's exposure and of an item of `/v1/log_custom_exposure`, what was evaluated. */
function sentName({ eventName, experimentName, gateName, metadata }: JsonObject): string | null {
  const name = textOf(eventName) ?? textOf(experimentName) ?? textOf(gateName);
  const kind = EXPOSURE_KINDS.get(name ?? '');
  if (kind === undefined) return name;
  return isJsonObject(metadata) ? textOf(metadata[kind === 'gate' ? 'gate' : 'config']) : null;
}

/** A text; null of any other value. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
