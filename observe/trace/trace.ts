import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { queryableSeconds } from '../../infra/streams/streams.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { shortText } from '../../lib/base/text.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { isRowFailure } from '../../lib/landing/quarantineReasons.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import type { Deployment } from '../deployment.ts';
import { searchBuffers } from '../facts/flow/localBuffers.ts';
import { readWaitingRows } from '../facts/flow/waitingRows.ts';
import { dayFolders, unreadNote, unregisteredDays } from '../facts/tables/partitionGaps.ts';
import {
  isAbout,
  readTracedTables,
  readWholeRow,
  type TracedRefusal,
  type TracedRow,
  type TraceFilter,
  timeOf,
} from '../facts/tables/tracedRows.ts';
import { findRequest, findRequestsAt, type LoggedRequest } from './requestLog.ts';

/** Errors of `sluice trace`. */
export const TraceError = defineErrorFamily('user', {
  SLUICE_TRACE_SINCE_NEEDED: {
    cause: 'A search by event or user in a deployment reads every day unless you say from when on.',
    cure: 'Add --since with a day, a time or an age: --since 2026-11-20, --since 24h.',
  },
});

/** Where an event or a request is, the furthest place of all copies. */
export type TraceState =
  /** In a table: queries read it. */
  | 'queryable'
  | 'buffered'
  /** In an object that the writer makes files of. */
  | 'landing'
  /** Of a request whose rows were not found, or not looked for: it was answered 202, and a stream has it. */
  | 'accepted'
  | 'quarantined'
  /** Answered 4xx. */
  | 'refused'
  /** Answered 503: the SDK sends it again. */
  | 'failed'
  | 'ignored'
  | 'nowhere';

/** Something that is known, and its time. */
export interface TraceStep {
  /** Epoch milliseconds; null when it is not known. */
  readonly at: number | null;
  readonly what: string;
  /** The event that a line of a list is about. */
  readonly eventId?: string;
}

/** The kind of ID that was searched for. */
export type TraceSubject = 'event' | 'user' | 'request';

/** The answer. */
export interface Trace {
  readonly subject: TraceSubject;
  readonly state: TraceState;
  /** By time; of a user one for each event, the newest first. */
  readonly steps: readonly TraceStep[];
  /** Rows and refusals found, wherever they are. */
  readonly found: number;
  /** Whether there are more than were listed. */
  readonly hasMore: boolean;
  /** The row, if it was asked for and is of one event. */
  readonly row: TraceRow | null;
  /** Limits of the answer. */
  readonly notes: readonly string[];
  readonly scannedBytes: number;
}

/** The row of an event. */
export interface TraceRow {
  readonly kind: TableKind;
  /** By column; those of a row that is not delivered are as the stream accepted them. */
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Options of {@link trace}. */
export interface TraceOptions {
  /** Event ID, ID of a user or another unit, or ID of a request. */
  readonly id: string;
  /** The kind of `id`. Default: by its form, and a request if the log has it. */
  readonly subject?: TraceSubject;
  /** Only what was received since, epoch milliseconds. Default in the local cloud: everything; of a request: a day. */
  readonly since?: number;
  /** Whether the answer has the row of an event. Default false: of a deployment it costs one more query. */
  readonly withRow?: boolean;
}

/** Events of a user that are listed, the newest first. */
const MOST_LISTED = 50;
/** Copies of one event that are followed. */
const MOST_COPIES = 20;
const REQUEST_SINCE_MS = 86_400_000;

/** IDs of events and of quarantine: 128 bits in hexadecimal. */
const EVENT_ID = /^[0-9a-f]{32}$/;
/** An API Gateway's ID, or a UUID as Function URLs and the local cloud have it. */
const REQUEST_ID = /^([A-Za-z0-9_-]{10,40}=|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The order of states: of several copies, the first counts. */
const FURTHEST: readonly TraceState[] = [
  'queryable',
  'buffered',
  'landing',
  'quarantined',
  'ignored',
  'refused',
  'failed',
];

/**
 * Finds where an event, the events of a user, or a request is, and when it got there.
 *
 * @throws TraceError; ObserveError; what the clients of AWS throw; the reason of the deployment's signal.
 */
export async function trace(deployment: Deployment, options: TraceOptions): Promise<Trace> {
  const { id, subject } = options;
  if (subject === 'event' || (subject === undefined && EVENT_ID.test(id)))
    return traceRows(deployment, 'event', options);
  if (subject === 'request' || (subject === undefined && REQUEST_ID.test(id))) {
    const since =
      options.since ?? (deployment.localControl === undefined ? deployment.now - REQUEST_SINCE_MS : 0);
    const logged = await findRequest(deployment, id, since);
    if (logged !== undefined) return traceRequest(deployment, logged, options);
    if (subject === 'request') return nowhere('request', [], 0);
  }
  return traceRows(deployment, 'user', options);
}

function nowhere(subject: TraceSubject, notes: readonly string[], scannedBytes: number): Trace {
  return { subject, state: 'nowhere', steps: [], found: 0, hasMore: false, row: null, notes, scannedBytes };
}

/** The steps of one copy of an event, or of one refusal. */
interface Copy {
  readonly receivedAt: number;
  readonly state: TraceState;
  readonly steps: readonly TraceStep[];
  /** Its row, or where that is. */
  readonly row?: TraceRow | { readonly kind: TableKind; readonly day: UtcDay };
}

async function traceRows(
  deployment: Deployment,
  subject: 'event' | 'user',
  options: TraceOptions,
): Promise<Trace> {
  const { id } = options;
  const most = subject === 'event' ? MOST_COPIES : MOST_LISTED;
  const filter: TraceFilter = subject === 'event' ? { event: id } : { unit: id };
  const tables = await readTables(deployment, filter, most, options);
  const since = options.since ?? 0;
  const rows = tables.rows.filter(({ receivedAt }) => receivedAt >= since);
  const refusals = tables.refusals.filter(({ receivedAt }) => receivedAt >= since);
  const elsewhere = await copiesElsewhere(
    deployment,
    (row) => isAbout(row, filter, deployment.config.unitIds),
    id,
  );
  const copies: Copy[] = [...elsewhere.copies];
  for (const row of rows) {
    const state = 'queryable' as const;
    copies.push({
      receivedAt: row.receivedAt,
      state,
      // A resend is one also of a first copy that was received before `since`.
      steps:
        subject === 'event'
          ? await queryableSteps(deployment, row, tables.rows)
          : [listedStep(row, tables.rows)],
      row: { kind: row.kind, day: row.day },
    });
  }
  for (const refusal of refusals)
    copies.push({
      receivedAt: refusal.receivedAt,
      state: 'quarantined',
      steps: [refusalStep(refusal)],
      row: { kind: 'quarantine', day: refusal.day },
    });
  const listed = copies.sort((a, b) => b.receivedAt - a.receivedAt).slice(0, most);
  const state = furthest(listed);
  const shown =
    subject === 'event' && options.withRow === true ? listed.find((one) => one.state === state) : undefined;
  const { row, scannedBytes } = await readShownRow(deployment, shown?.row, id);
  const notes = [
    ...elsewhere.notes,
    ...tables.notes,
    ...(deployment.localControl === undefined && listed.length === 0
      ? [
          `AWS does not show what streams buffer: what was received after ${isoTimestamp(deployment.now - queryableSeconds(deployment.config) * 1_000)} may not be in the tables yet.`,
        ]
      : []),
  ];
  return {
    subject,
    state,
    steps: await withAnswers(deployment, subject, listed),
    found: copies.length,
    hasMore: tables.hasMore || copies.length > listed.length,
    row,
    notes,
    scannedBytes: tables.scannedBytes + scannedBytes,
  };
}

/** The row of a copy: it is at hand, or a query reads it in its partition. */
async function readShownRow(
  deployment: Deployment,
  shown: Copy['row'],
  id: string,
): Promise<{ readonly row: TraceRow | null; readonly scannedBytes: number }> {
  if (shown === undefined || 'columns' in shown) return { row: shown ?? null, scannedBytes: 0 };
  const { kind, day } = shown;
  const { rows, scannedBytes } = await readWholeRow(deployment, { kind, day, id });
  return { row: rows[0] === undefined ? null : { kind, columns: rows[0] }, scannedBytes };
}

/** Reads the tables. */
async function readTables(deployment: Deployment, filter: TraceFilter, most: number, options: TraceOptions) {
  const { since } = options;
  if (since === undefined && deployment.localControl === undefined)
    throw new TraceError('SLUICE_TRACE_SINCE_NEEDED');
  const { pastDays, futureDays } = deployment.config.timeWindow;
  const from = since === undefined ? '0001-01-01' : addDays(utcDay(since), -pastDays);
  const days = { from, to: addDays(utcDay(deployment.now), futureDays) };
  // Before the query: a day that is registered meanwhile is named, not missed.
  const unread: string[] = [];
  for (const kind of tableKinds) {
    const folders = await dayFolders(deployment, kind, days);
    const without = await unregisteredDays(deployment, kind, folders);
    unread.push(...without.map((day) => `${deployment.config.tables[kind]} ${day}`));
  }
  const tables = await readTracedTables(deployment, filter, days, most);
  return { ...tables, notes: unreadNote(unread) };
}

/** Copies in buffers (of the local cloud) and in the landing. */
async function copiesElsewhere(
  deployment: Deployment,
  isWanted: (row: Readonly<Record<string, unknown>>) => boolean,
  text: string,
): Promise<{ readonly copies: readonly Copy[]; readonly notes: readonly string[] }> {
  const waiting = await readWaitingRows(deployment, isWanted);
  const buffered = await searchBuffers(deployment, text);
  const copies: Copy[] = [
    ...waiting.rows.map(({ key, kind, row, writtenAt }): Copy => {
      const steps = [
        receivedStep(kind, row),
        { at: writtenAt, what: `accepted in ${key}` },
        { at: null, what: 'the writer makes a file of it' },
      ];
      return { receivedAt: timeOf(row), state: 'landing', steps, row: { kind, columns: row } };
    }),
    ...(buffered?.rows ?? [])
      .filter(({ row }) => isWanted(row))
      .map(({ kind, row, arrivedAt }): Copy => {
        const state = kind === 'quarantine' ? 'quarantined' : 'buffered';
        const steps = [
          receivedStep(kind, row),
          { at: Date.parse(arrivedAt), what: 'accepted by the stream: it is in its buffer' },
        ];
        return { receivedAt: timeOf(row), state, steps, row: { kind, columns: row } };
      }),
  ];
  return {
    copies,
    notes: [
      ...(waiting.unreadObjects > 0
        ? [`${waiting.unreadObjects} objects of landing/ were not read as a whole.`]
        : []),
      ...(buffered?.hasMore === true ? ['The buffers have more documents than were searched.'] : []),
    ],
  };
}

/** Characters of a name that a step shows: names may be of any length. */
const MOST_OF_NAME = 200;

function shortName(name: string): string {
  return shortText(name, MOST_OF_NAME);
}

function receivedStep(kind: TableKind, row: Readonly<Record<string, unknown>>): TraceStep {
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : undefined);
  const name = text('event_name') ?? text('experiment_id') ?? text('reason') ?? '';
  const sdk = [text('sdk_type'), text('sdk_version')].filter((part) => part !== undefined).join(' ');
  return {
    at: timeOf(row),
    what: `received${sdk === '' ? '' : ` from ${sdk}`}: ${shortName(name)} (${kind})`,
  };
}

/** Everything that is known of one row. */
async function queryableSteps(
  deployment: Deployment,
  row: TracedRow,
  rows: readonly TracedRow[],
): Promise<readonly TraceStep[]> {
  const writtenAt = await readWrittenAt(deployment, row.file);
  return [
    {
      at: row.receivedAt,
      what: `received${row.sdk === '' ? '' : ` from ${row.sdk}`}: ${shortName(row.name)} (${row.kind}), of ${isoTimestamp(row.timestamp)}`,
    },
    { at: writtenAt, what: `delivered to ${row.file} (partition ${row.day})` },
    ...viewSteps(deployment, row, rows),
  ];
}

/** When a file was written, epoch milliseconds; null when it is gone. @param location `s3://…`, from Athena's "$path". */
async function readWrittenAt({ s3 }: Pick<Deployment, 's3'>, location: string): Promise<number | null> {
  const [, Bucket = '', Key = ''] = /^s3a?:\/\/([^/]+)\/(.+)$/.exec(location) ?? [];
  try {
    const { LastModified } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
    return LastModified?.getTime() ?? null;
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFound') return null;
    throw error;
  }
}

/** In which views a row is, and why not. */
function viewSteps(
  { config }: Pick<Deployment, 'config'>,
  row: TracedRow,
  rows: readonly TracedRow[],
): readonly TraceStep[] {
  const first = firstCopy(row, rows);
  const { pastDays, futureDays } = config.timeWindow;
  const isLate = row.day !== utcDay(row.timestamp);
  const reasons = [
    ...row.reasons,
    ...(first === undefined
      ? []
      : [`it is a resend of the row received at ${isoTimestamp(first.receivedAt)}`]),
  ];
  const views =
    row.kind === 'events'
      ? ['product_events']
      : ['experiment_exposures', 'first_exposures', 'daily_exposures'];
  const shown = reasons.length === 0 ? views : [];
  const secondary = row.hasSecondary && first === undefined ? ['secondary_exposures'] : [];
  const all = [...shown, ...secondary];
  return [
    ...(all.length === 0 ? [] : [{ at: null, what: `in the views ${all.join(', ')}` }]),
    ...(reasons.length === 0
      ? []
      : [{ at: null, what: `not in ${views.join(', ')}: ${reasons.join('; ')}` }]),
    ...(isLate
      ? [
          {
            at: null,
            what: `its time is outside the window (${pastDays} days back, ${futureDays} ahead), so it is under the day on which it was received, ${row.day}`,
          },
        ]
      : []),
  ];
}

/** The row that views show in place of this one, because it was received earlier; undefined if they show this one. */
function firstCopy(row: TracedRow, rows: readonly TracedRow[]): TracedRow | undefined {
  const copies = rows
    .filter(
      ({ kind, eventId, name, day }) =>
        kind === row.kind && eventId === row.eventId && name === row.name && day === row.day,
    )
    .sort((a, b) => a.receivedAt - b.receivedAt);
  const [first] = copies;
  return first === undefined || first === row ? undefined : first;
}

/** One line for a row in a list. */
function listedStep(row: TracedRow, rows: readonly TracedRow[]): TraceStep {
  const first = firstCopy(row, rows);
  const hidden = [...row.reasons, ...(first === undefined ? [] : ['a resend'])];
  const views = hidden.length === 0 ? '' : `, not in the views: ${hidden.join('; ')}`;
  return {
    at: row.receivedAt,
    eventId: row.eventId,
    what: `${shortName(row.name)} (${row.kind}, ${row.eventId}): queryable, partition ${row.day}${views}`,
  };
}

function refusalStep({ receivedAt, reason, detail, day, file, path }: TracedRefusal): TraceStep {
  const more = detail === '' ? '' : ` ${detail}`;
  const from = isRowFailure(reason) ? `, from ${path}` : '';
  return {
    at: receivedAt,
    what: `in quarantine: ${reason}.${more} (partition ${day}, ${file}${from})`,
  };
}

function furthest(copies: readonly Pick<Copy, 'state'>[]): TraceState {
  return FURTHEST.find((state) => copies.some((one) => one.state === state)) ?? 'nowhere';
}

/** The steps of all copies by time, with the answers of their requests where the log has them; of a user one line each. */
async function withAnswers(
  deployment: Deployment,
  subject: 'event' | 'user',
  copies: readonly Copy[],
): Promise<readonly TraceStep[]> {
  if (subject === 'user')
    return copies.map(({ receivedAt, steps, row }) => {
      const columns = row !== undefined && 'columns' in row ? row.columns : {};
      const eventId = steps[0]?.eventId ?? columns['event_id'] ?? columns['quarantine_id'];
      return {
        at: receivedAt,
        what: steps.map(({ what }) => what).join('; '),
        ...(typeof eventId === 'string' ? { eventId } : {}),
      };
    });
  const steps: TraceStep[] = [];
  for (const copy of copies.toReversed()) {
    const [first, ...rest] = copy.steps;
    if (first !== undefined) steps.push(first);
    steps.push(...(await answerSteps(deployment, copy.receivedAt)), ...rest);
  }
  return steps;
}

async function answerSteps(deployment: Deployment, receivedAt: number): Promise<readonly TraceStep[]> {
  if (Number.isNaN(receivedAt)) return [];
  const requests = await findRequestsAt(deployment, receivedAt).catch(() => []);
  const [request, ...others] = requests;
  if (request === undefined) return [];
  if (others.length > 0)
    return [{ at: receivedAt, what: `${requests.length} requests were received in that millisecond` }];
  return [answerStep(request)];
}

function answerStep(request: LoggedRequest): TraceStep {
  const { line, requestId, receivedAt, latencyMs, isRefused } = request;
  const status = line?.['status'] ?? (isRefused ? 'with an error' : 202);
  const code = typeof line?.['code'] === 'string' ? ` ${line['code']}` : '';
  const counts = (['received', 'landed', 'overflowed', 'quarantined', 'ignored'] as const)
    .filter((name) => request[name] > 0)
    .map((name) => `${request[name]} ${name === 'landed' ? 'accepted' : name}`);
  const id = requestId === null ? '' : ` (request ${requestId})`;
  const at = Number.isNaN(receivedAt) ? null : receivedAt + latencyMs;
  return {
    at,
    what: `answered ${status}${code}${id}: ${counts.length === 0 ? 'no events' : counts.join(', ')}`,
  };
}

/** A request: what the log has of it, and its rows where the search for them was asked for or costs nothing. */
async function traceRequest(
  deployment: Deployment,
  logged: LoggedRequest,
  options: TraceOptions,
): Promise<Trace> {
  const { receivedAt, line } = logged;
  const known = Number.isNaN(receivedAt) ? null : receivedAt;
  const counts = (name: 'refused' | 'counted') => {
    const value = line?.[name];
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  };
  const steps: TraceStep[] = [
    { at: known, what: 'received' },
    answerStep(logged),
    ...counts('refused').map(([code, count]) => ({ at: null, what: `refused: ${code}, ${count}` })),
    ...counts('counted').map(([reason, count]) => ({ at: null, what: `ignored: ${reason}, ${count}` })),
  ];
  const isFollowed = known !== null && (deployment.localControl !== undefined || options.since !== undefined);
  const filter = { receivedAt: known ?? 0 };
  const tables = isFollowed
    ? await readTables(deployment, filter, MOST_LISTED, { ...options, since: known })
    : undefined;
  const elsewhere = isFollowed
    ? await copiesElsewhere(
        deployment,
        (row) => isAbout(row, filter, deployment.config.unitIds),
        `"received_at":"${isoTimestamp(known)}"`,
      )
    : { copies: [], notes: [] };
  const rows = tables?.rows ?? [];
  const refusals = tables?.refusals ?? [];
  const copies: Copy[] = [
    ...elsewhere.copies,
    ...rows.map(
      (row): Copy => ({ receivedAt: row.receivedAt, state: 'queryable', steps: [listedStep(row, rows)] }),
    ),
    ...refusals.map(
      (one): Copy => ({ receivedAt: one.receivedAt, state: 'quarantined', steps: [refusalStep(one)] }),
    ),
  ];
  return {
    subject: 'request',
    state: copies.length > 0 ? furthest(copies) : requestState(logged),
    steps: [...steps, ...copies.flatMap((copy) => copy.steps)],
    found: copies.length,
    hasMore: tables?.hasMore ?? false,
    row: null,
    notes: [
      ...elsewhere.notes,
      ...(tables?.notes ?? []),
      ...(isFollowed ? [] : ['Its rows were not looked for: add --since. The counts are from the answer.']),
    ],
    scannedBytes: tables?.scannedBytes ?? 0,
  };
}

/** The state by the counts of the answer. */
function requestState({ line, isRefused, landed, overflowed, quarantined }: LoggedRequest): TraceState {
  if (Number(line?.['status']) >= 500) return 'failed';
  if (landed > 0) return 'accepted';
  if (overflowed > 0) return 'landing';
  if (quarantined > 0) return 'quarantined';
  return isRefused ? 'refused' : 'ignored';
}
