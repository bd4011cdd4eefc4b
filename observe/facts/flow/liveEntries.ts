import * as z from 'zod';
import { tryParseExactJson } from '../../../lib/base/exactJson.ts';
import { isJsonObject, parseJson } from '../../../lib/base/json.ts';
import { sum } from '../../../lib/base/sum.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';

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
  /** Name of the SDK on Statsig's list, `other`, or `unknown`; null if the batch was not read. */
  readonly sdk_type: string | null;
  /** Version of the SDK; null if the request does not state it, or was not read. */
  readonly sdk_version: string | null;
  /** Label of the SDK key; null before the key was accepted. */
  readonly key_label: string | null;
  /** The first eight digits of the SHA-256 of a key that was not accepted, or `of another form`; null without one. */
  readonly sent_key: string | null;
  /** Name of an endpoint of Statsig that the collector does not serve; else null. Logs have no paths, because paths can hold keys. */
  readonly endpoint: string | null;
  /** The `Host` of a request that the local cloud has refused for it; else null. */
  readonly host: string | null;
  /** Events of the batch. A body that was not read counts as one. */
  readonly received: number;
  /** Rows of exposures that Firehose acknowledged. */
  readonly exposures: number;
  /** Rows of events that Firehose acknowledged. */
  readonly events: number;
  /** Rows of quarantine that Firehose acknowledged. */
  readonly quarantined: number;
  /** Events that became objects of `landing/direct/`, past the stream. */
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
  /** Why the rows did not go to Firehose: `not_acknowledged: TimeoutError`. Null if they did, or there are none. */
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
  /** Name of the event, or of the experiment, gate or config. Of a refused one, null if it cannot be read. */
  readonly name: string | null;
  /** The user, else the stable ID, else the first of the configured unit IDs; null without any. */
  readonly unit: string | null;
  /** Name or ID of the group; null of what is no exposure. */
  readonly group: string | null;
  /** Why it is in quarantine; null for the others. */
  readonly code: string | null;
  /** Name of the SDK on Statsig's list, `other`, or `unknown`; null if the row does not have it. */
  readonly sdk_type: string | null;
  /** Version of the SDK; null if the row does not have it. */
  readonly sdk_version: string | null;
  /** The row as it was put on the stream; null in the console. */
  readonly row: Readonly<Record<string, unknown>> | null;
}

/** Something that happened. */
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

/**
 * Which entries are shown: those that fit all members. A `*` at the end of a text stands for any rest, except of `user`.
 * Requests have no users and no names, so `user` and `event` leave only rows.
 */
export interface LiveFilter {
  /** ID of the user, or another unit ID. */
  readonly user?: string | undefined;
  /** Name of the event, or of the experiment, gate or config. */
  readonly event?: string | undefined;
  /** `javascript-client`. */
  readonly sdk?: string | undefined;
  /** Whether to read only what was refused, failed, overflowed or went to quarantine. */
  readonly errors?: boolean | undefined;
}

/** Options of {@link readLive}. */
export interface LiveOptions {
  /** `next` of an earlier answer. Default: what comes from now on, and `last`. */
  readonly after?: string | undefined;
  /**
   * Without `after`, the number of the last matching entries to read, too. For a deployment, a number above 0 reads
   * what came in the last minute. Default 0.
   */
  readonly last?: number | undefined;
  /** How long to wait for the first entry that matches. Default 0, at most 25 seconds. */
  readonly waitMs?: number | undefined;
  /** The most entries of one answer, unless it begins with the last ones. */
  readonly most?: number | undefined;
  readonly filter?: LiveFilter | undefined;
}

const text = z.string().nullable().default(null);
const number = z.number().default(0);
const counts = z.record(z.string(), z.number()).default({});

/**
 * The line that the collector writes into its log: lib/collect/answer.ts. {@link LiveRequest} says what most members
 * mean.
 */
const requestLine = z.object({
  event: z.literal('collect'),
  request_id: text,
  status: number,
  ms: number,
  /** Type and version, with a space between them. */
  sdk: text,
  /** Label of the SDK key. */
  key: text,
  sent_key: text,
  endpoint: text,
  /** No line has it: {@link refusedRequest}. */
  host: text,
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

/** A request by the collector's own line in its log; undefined for any other line. @param at ISO 8601. */
export function readRequestLine(line: string, at: string): LiveRequest | undefined {
  // Most lines are metrics.
  if (!line.includes('"event":"collect"')) return undefined;
  const { data } = requestLine.safeParse(parseJson(line));
  return data === undefined ? undefined : requestOf(data, at);
}

/** A request that came to no function, as the local cloud did not let its `Host` in. @param at ISO 8601. */
export function refusedRequest(
  refusal: Pick<LiveRequest, 'status' | 'code' | 'host'>,
  at: string,
): LiveRequest {
  return requestOf(requestLine.parse({ event: 'collect', ...refusal }), at);
}

function requestOf(data: z.output<typeof requestLine>, at: string): LiveRequest {
  const { event, sdk, key, events, exposures_landed, events_landed, counted, ...same } = data;
  const [sdk_type = null, sdk_version = null] = sdk?.split(' ', 2) ?? [];
  return {
    type: 'request',
    at,
    ...same,
    sdk_type,
    sdk_version,
    key_label: key,
    received: events ?? sum(Object.values(same.refused)) + sum(Object.values(counted)),
    exposures: exposures_landed,
    events: events_landed,
    ignored_as: counted,
  };
}

/**
 * A row of a stream as an entry.
 *
 * @param at ISO 8601.
 * @param unitColumns Columns of the configured unit IDs.
 */
export function eventOf(
  row: Readonly<Record<string, unknown>>,
  { kind, at, unitColumns }: { kind: TableKind; at: string; unitColumns: readonly string[] },
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
  const names = ['eventName', 'event_name', 'experiment_id'].map((member) => textOf(event[member]));
  return {
    name: names.find((name) => name !== null) ?? null,
    unit: isJsonObject(user) ? textOf(user['userID']) : textOf(event['user_id']),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
