import * as z from 'zod';
import { tryParseExactJson } from '../../../lib/base/exactJson.ts';
import { isJsonObject, parseJson } from '../../../lib/base/json.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';

/** A request that the collector answered, as its own log line has it: without anything of its contents. */
export type LiveRequest = NonNullable<ReturnType<typeof readRequestLine>>;

/** A row that a delivery stream accepted. Only the local cloud shows them. */
export interface LiveEvent {
  readonly type: 'event';
  /** When the stream accepted it, ISO 8601. */
  readonly at: string;
  readonly kind: TableKind;
  /** `quarantine_id` of a refused one. */
  readonly event_id: string | null;
  /** Name of the event, or of the experiment, gate or config. Of a refused one, if it can be read. */
  readonly name: string | null;
  /** The user, else the stable ID, else the first of the configured unit IDs. */
  readonly unit: string | null;
  readonly group: string | null;
  /** Why it is in quarantine; null for the others. */
  readonly code: string | null;
  readonly sdk_type: string | null;
  readonly sdk_version: string | null;
  /** The row as it was put on the stream; the console leaves it out. */
  readonly row: Readonly<Record<string, unknown>> | null;
}

/** Something that happened. */
export type LiveEntry = LiveRequest | LiveEvent;

/** The entries since a cursor. */
export interface LiveAnswer {
  /** Oldest first. */
  readonly entries: readonly LiveEntry[];
  /** Where to read on. */
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
  /** Only what was refused, failed, overflowed or went to quarantine. */
  readonly errors?: boolean | undefined;
}

/** Options of {@link readLive}. */
export interface LiveOptions {
  /** `next` of an earlier answer. Default: what comes from now on, and `last`. */
  readonly after?: string | undefined;
  /**
   * Without `after`: the last so many entries that match, too; of a deployment what came in the last minute, if it is not 0.
   * Default 0.
   */
  readonly last?: number | undefined;
  /** How long to wait for the first entry that matches. Default 0, at most 25 seconds. */
  readonly waitMs?: number | undefined;
  /** Entries of one answer, unless it begins with the last ones. */
  readonly most?: number | undefined;
  readonly filter?: LiveFilter | undefined;
}

const text = z.string().nullable().default(null);
const number = z.number().default(0);
const counts = z.record(z.string(), z.number()).default({});

/** The collector's own line in its log: lib/collect/answer.ts. */
const requestLine = z.object({
  event: z.literal('collect'),
  /** The gateway's ID; null if the function does not know it. */
  request_id: text,
  status: number,
  /** From its arrival in the function to its answer. */
  ms: number,
  sdk: text,
  key: text,
  /** Of a key that was not accepted the first digits of its SHA-256, or `of another form`; null without one. */
  sent_key: text,
  /** Name of the endpoint, if it is one that the collector does not serve. Logs have no paths: they can hold keys. */
  endpoint: text,
  events: z.number().optional(),
  exposures_landed: number,
  events_landed: number,
  quarantined: number,
  overflowed: number,
  /** Code of the answer; null for 202. */
  code: text,
  /** Refused events by code. */
  refused: counts,
  counted: counts,
  /** Stored events worth a number: their times, clocks and names (docs/answers.md). */
  noted: counts,
  /** How far the sender's clock was behind, in milliseconds; null if the request does not state it, or was not read. */
  clock_skew_ms: z.number().nullable().default(null),
  /** Why the rows did not go to Firehose: `not_acknowledged: TimeoutError`. Null if they did, or there are none. */
  not_streamed: text,
  /** Outcome of its copy for relay: `not_kept` if neither queue nor bucket took it. Null if nothing is relayed. */
  relay: text,
});

/** A request by the collector's own line in its log; undefined for any other line. @param at ISO 8601. */
export function readRequestLine(line: string, at: string) {
  // Most lines are metrics.
  if (!line.includes('"event":"collect"')) return undefined;
  const { data } = requestLine.safeParse(parseJson(line));
  if (data === undefined) return undefined;
  const { event, sdk, key, events, exposures_landed, events_landed, counted, ...same } = data;
  const [sdk_type = null, sdk_version = null] = sdk?.split(' ', 2) ?? [];
  return {
    type: 'request' as const,
    /** When it was answered, ISO 8601. */
    at,
    ...same,
    /** A name of Statsig's list, `other`, or `unknown`; null if the batch was not read. */
    sdk_type,
    sdk_version,
    /** Label of the SDK key; null before the key was accepted. */
    key_label: key,
    /** Events of the batch. A body that was not read counts as one. */
    received: events ?? sum(same.refused) + sum(counted),
    /** Rows that Firehose acknowledged, of each table. */
    exposures: exposures_landed,
    events: events_landed,
    /** Ignored events by reason. */
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
  const own = {
    name: textOf(row[kind === 'events' ? 'event_name' : 'experiment_id']),
    unit: units.find((unit) => unit !== null) ?? null,
  };
  const isRefused = kind === 'quarantine';
  return {
    type: 'event',
    at,
    kind,
    event_id: textOf(row[isRefused ? 'quarantine_id' : 'event_id']),
    ...(isRefused ? readRaw(textOf(row['raw']) ?? '') : own),
    group: textOf(row['group_id']),
    code: isRefused ? textOf(row['reason']) : null,
    sdk_type: textOf(row['sdk_type']),
    sdk_version: textOf(row['sdk_version']),
    row,
  };
}

/** Name and user of a refused event, as far as it has them; of a body with several there are none. docs/quarantine.md, `raw`. */
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

function sum(of: Readonly<Record<string, number>>): number {
  return Object.values(of).reduce((total, count) => total + count, 0);
}
