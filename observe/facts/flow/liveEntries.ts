import { isJsonObject } from '../../../lib/base/json.ts';
import { shortText } from '../../../lib/base/text.ts';
import type { TableKind } from '../../../lib/schema/kinds.ts';

/** A request that the collector answered, as its own log line has it: without anything of its contents. */
export interface LiveRequest {
  readonly type: 'request';
  /** When it was answered, ISO 8601. */
  readonly at: string;
  /** The gateway's ID; null if the function does not know it. */
  readonly request_id: string | null;
  readonly status: number;
  /** From its arrival in the function to its answer. */
  readonly ms: number;
  /** A name of Statsig's list, `other`, or `unknown`; null if the batch was not read. */
  readonly sdk_type: string | null;
  readonly sdk_version: string | null;
  /** Label of the SDK key; null before the key was accepted. */
  readonly key_label: string | null;
  /** Name of the endpoint, if it is one that the collector does not serve. Logs have no paths: they can hold keys. */
  readonly endpoint: string | null;
  /** Events of the batch. A body that was not read counts as one. */
  readonly received: number;
  /** Rows that Firehose acknowledged, of each table. */
  readonly exposures: number;
  readonly events: number;
  readonly landed: number;
  readonly ignored: number;
  readonly quarantined: number;
  readonly overflowed: number;
  /** Code of the answer; null for 202. */
  readonly code: string | null;
  /** Refused events by code, and ignored events by reason. */
  readonly refused: Readonly<Record<string, number>>;
  readonly ignored_as: Readonly<Record<string, number>>;
  /** Why the rows did not go to Firehose: `not_acknowledged: TimeoutError`. Null if they did, or there are none. */
  readonly not_streamed: string | null;
}

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
  readonly user_id: string | null;
  /** The user, else the stable ID, else the first of the configured unit IDs. */
  readonly unit: string | null;
  readonly group: string | null;
  /** Why it is in quarantine; null for the others. */
  readonly code: string | null;
  readonly sdk_type: string | null;
  readonly sdk_version: string | null;
  readonly received_at: string | null;
  /** The row as it was put on the stream; null if rows were not asked for. */
  readonly row: Readonly<Record<string, unknown>> | null;
}

/** Something that happened. */
export type LiveEntry = LiveRequest | LiveEvent;

/** Where entries come from, and what they leave out. */
export interface LiveSource {
  /** `feed`: the local cloud tells everything. `log`: CloudWatch Logs. */
  readonly from: 'feed' | 'log';
  /** The part of the successful requests that is shown, 0 to 1; all others are shown. By the configuration. */
  readonly successes: number;
  /** The same as sentences. */
  readonly notes: readonly string[];
}

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
  readonly source: LiveSource;
}

/**
 * Which entries are shown: those that fit all members. A `*` at the end of a text stands for any rest, except of `user`.
 * Requests have no users and no names, so `user`, `event` and `experiment` leave only events; `status` leaves only requests.
 */
export interface LiveFilter {
  /** Only requests, or only rows. */
  readonly only?: 'requests' | 'rows' | undefined;
  /** ID of the user, or another unit ID. */
  readonly user?: string | undefined;
  readonly event?: string | undefined;
  /** Experiment, gate, config or layer. */
  readonly experiment?: string | undefined;
  /** `javascript-client`. */
  readonly sdk?: string | undefined;
  /** Code of an answer or of a refused event, or the reason for which events are ignored. */
  readonly code?: string | undefined;
  /** `401`, or `4xx`. */
  readonly status?: string | undefined;
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
  /** Entries of one answer. Default 500. */
  readonly most?: number | undefined;
  readonly filter?: LiveFilter | undefined;
  /** Leaves rows out, and cuts names and IDs that are longer than this many characters. Default: all is whole. */
  readonly briefly?: number | undefined;
}

/** A request by the collector's own line in its log; undefined for any other line. @param at ISO 8601. */
export function readRequestLine(text: string, at: string): LiveRequest | undefined {
  // Most lines are metrics.
  if (!text.includes('"event":"collect"')) return undefined;
  const line = parseObject(text);
  if (line?.['event'] !== 'collect') return undefined;
  const refused = countsOf(line['refused']);
  const ignored = countsOf(line['counted']);
  const [exposures, events] = [numberOf(line['exposures_landed']), numberOf(line['events_landed'])];
  const [sdk = null, version = null] = textOf(line['sdk'])?.split(' ', 2) ?? [];
  return {
    type: 'request',
    at,
    request_id: textOf(line['request_id']),
    status: numberOf(line['status']),
    ms: numberOf(line['ms']),
    sdk_type: sdk,
    sdk_version: version,
    key_label: textOf(line['key']),
    endpoint: textOf(line['endpoint']),
    received: typeof line['events'] === 'number' ? line['events'] : sum(refused) + sum(ignored),
    ...{ exposures, events, landed: exposures + events },
    ignored: sum(ignored),
    quarantined: numberOf(line['quarantined']),
    overflowed: numberOf(line['overflowed']),
    code: textOf(line['code']),
    refused,
    ignored_as: ignored,
    not_streamed: textOf(line['not_streamed']),
  };
}

/**
 * A row of a stream; undefined for a document that is no JSON object.
 *
 * @param at ISO 8601.
 * @param unitColumns Columns of the configured unit IDs.
 */
export function readEventRow(
  text: string,
  { kind, at, unitColumns }: { kind: TableKind; at: string; unitColumns: readonly string[] },
): LiveEvent | undefined {
  const row = parseObject(text);
  if (row === undefined) return undefined;
  const units = ['user_id', 'stable_id', ...unitColumns].map((column) => textOf(row[column]));
  const sender = {
    sdk_type: textOf(row['sdk_type']),
    sdk_version: textOf(row['sdk_version']),
    received_at: textOf(row['received_at']),
  };
  if (kind === 'quarantine') {
    const { name, user } = readRaw(textOf(row['raw']) ?? '');
    const id = textOf(row['quarantine_id']);
    const code = textOf(row['reason']);
    return {
      type: 'event',
      at,
      kind,
      event_id: id,
      name,
      user_id: user,
      unit: user,
      group: null,
      code,
      ...sender,
      row,
    };
  }
  return {
    type: 'event',
    at,
    kind,
    event_id: textOf(row['event_id']),
    name: textOf(row[kind === 'events' ? 'event_name' : 'experiment_id']),
    user_id: textOf(row['user_id']),
    unit: units.find((unit) => unit !== null) ?? null,
    group: textOf(row['group_id']),
    code: null,
    ...sender,
    row,
  };
}

/** Longer texts of refused bodies are not parsed to show a name. */
const MOST_RAW = 100_000;

/** Name and user of a refused event, as far as it has them; of a body with several there are none. docs/quarantine.md, `raw`. */
function readRaw(raw: string): { readonly name: string | null; readonly user: string | null } {
  const body = raw.length > MOST_RAW ? undefined : parseObject(raw);
  const list = body?.['events'] ?? body?.['exposures'];
  const [event, ...more] = Array.isArray(list) ? list : [body];
  if (!isJsonObject(event) || more.length > 0) return { name: null, user: null };
  const user = event['user'] ?? body?.['user'];
  const names = ['eventName', 'event_name', 'experiment_id'].map((member) => textOf(event[member]));
  return {
    name: names.find((name) => name !== null) ?? null,
    user: isJsonObject(user) ? textOf(user['userID']) : textOf(event['user_id']),
  };
}

/** An event without its row, and with short texts. @param most Characters of a text. */
export function briefEvent(event: LiveEvent, most: number): LiveEvent {
  const cut = (text: string | null) => (text === null ? null : shortText(text, most));
  return {
    ...event,
    name: cut(event.name),
    user_id: cut(event.user_id),
    unit: cut(event.unit),
    group: cut(event.group),
    sdk_type: cut(event.sdk_type),
    sdk_version: cut(event.sdk_version),
    row: null,
  };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function countsOf(value: unknown): Readonly<Record<string, number>> {
  if (!isJsonObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, count]) => (typeof count === 'number' ? [[name, count]] : [])),
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
