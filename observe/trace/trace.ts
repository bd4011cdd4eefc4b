import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { queryableSeconds } from '../../infra/streams/streams.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { shortText } from '../../lib/base/text.ts';
import { addDays, DAY_MS, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { isRowFailure } from '../../lib/landing/quarantineReasons.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { DAMAGED_FOLDER } from '../../lib/tables/objectKeys.ts';
import type { Deployment } from '../deployment.ts';
import { ifThere } from '../explainAwsError.ts';
import { readWaitingRows, type WaitingRow } from '../facts/flow/waitingRows.ts';
import { unreadNotes } from '../facts/tables/partitionGaps.ts';
import { s3Location } from '../facts/tables/tableDays.ts';
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
  /** It is in a table, and queries read it. */
  | 'queryable'
  | 'buffered'
  /** It is in an object that the writer makes files of. */
  | 'landing'
  /** It is in an object of `damaged/`, which the writer reads when somebody has it try again. */
  | 'damaged'
  /** A request was answered 202, and a stream has it. Its rows were not found, or not looked for. */
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
  /** What happened, in words. */
  readonly what: string;
  /** The event that a line of a list is about. */
  readonly eventId?: string;
}

/** The kind of ID that was searched for. */
export type TraceSubject = 'event' | 'user' | 'request';

/** The answer. */
export interface Trace {
  /** What the ID is of. */
  readonly subject: TraceSubject;
  /** How far it is. */
  readonly state: TraceState;
  /** The steps by time. For a user there is one step for each event, the newest first. */
  readonly steps: readonly TraceStep[];
  /** Rows and refusals found, wherever they are. */
  readonly found: number;
  /** Whether there are more than were listed. */
  readonly hasMore: boolean;
  /** The row, if it was asked for and is the row of one event. */
  readonly row: TraceRow | null;
  /** Limits of the answer. */
  readonly notes: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/** The row of an event. */
export interface TraceRow {
  /** The table that the row is of. */
  readonly kind: TableKind;
  /** The row's columns. The columns of a row that is not delivered are as the stream accepted them. */
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Options of {@link trace}. */
export interface TraceOptions {
  /** Event ID, ID of a user or another unit, or ID of a request. */
  readonly id: string;
  /** The kind of `id`. Default: by its form, and a request if the log has it. */
  readonly subject?: TraceSubject;
  /**
   * Only what was received since this time, epoch milliseconds. Default: everything in the local cloud; a day for a
   * request.
   */
  readonly since?: number;
  /** Whether the answer has the row of an event. Default false: of a deployment it costs one more query. */
  readonly withRow?: boolean;
}

/** Events of a user that are listed, the newest first. */
const MOST_LISTED = 50;
/** The most copies of one event that are followed. */
const MOST_COPIES = 20;

/** IDs of events and of quarantine: 128 bits in hexadecimal. */
const EVENT_ID = /^[0-9a-f]{32}$/;
/** An API Gateway's ID, or a UUID as Function URLs and the local cloud have it. */
const REQUEST_ID = /^([A-Za-z0-9_-]{10,40}=|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** The order of states: of several copies, the first counts. */
const FURTHEST: readonly TraceState[] = [
  'queryable',
  'buffered',
  'landing',
  'damaged',
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
    const since = options.since ?? (deployment.localControl === undefined ? deployment.now - DAY_MS : 0);
    const logged = await findRequest(deployment, id, since);
    if (logged !== undefined) return traceRequest(deployment, logged, options);
    if (subject === 'request')
      return {
        subject,
        state: 'nowhere',
        steps: [],
        found: 0,
        hasMore: false,
        row: null,
        notes: [],
        scannedBytes: 0,
      };
  }
  return traceRows(deployment, 'user', options);
}

/** One copy of an event, or one refusal. */
interface Copy {
  readonly receivedAt: number;
  readonly state: TraceState;
  /** What happened to it. */
  steps(): readonly TraceStep[] | Promise<readonly TraceStep[]>;
  /** The copy in one line of a list. */
  readonly line: string;
  readonly eventId?: string;
  /** Its row, or where that is. */
  readonly row: TraceRow | { readonly kind: TableKind; readonly day: UtcDay };
}

async function traceRows(
  deployment: Deployment,
  subject: 'event' | 'user',
  options: TraceOptions,
): Promise<Trace> {
  const { id, since } = options;
  const isEvent = subject === 'event';
  const found = await findCopies(deployment, isEvent ? { event: id } : { unit: id }, {
    most: isEvent ? MOST_COPIES : MOST_LISTED,
    since,
  });
  const { listed } = found;
  const state = furthest(listed);
  const shown = isEvent && options.withRow === true ? listed.find((copy) => copy.state === state) : undefined;
  const { row, scannedBytes } = await readShownRow(deployment, shown?.row, id);
  const unseenSince = deployment.now - queryableSeconds(deployment.config) * 1_000;
  return {
    subject,
    state,
    steps: isEvent ? await stepsWithAnswers(deployment, listed) : listed.map(listedStep),
    found: found.count,
    hasMore: found.hasMore,
    row,
    notes: [
      ...found.notes,
      ...(deployment.localControl === undefined && listed.length === 0
        ? [
            `AWS does not show what streams buffer: what was received after ${isoTimestamp(unseenSince)} may not be in the tables yet.`,
          ]
        : []),
    ],
    scannedBytes: found.scannedBytes + scannedBytes,
  };
}

/** The row of a copy: it is at hand, or a query reads it in its partition. */
async function readShownRow(
  deployment: Deployment,
  shown: Copy['row'] | undefined,
  id: string,
): Promise<{ readonly row: TraceRow | null; readonly scannedBytes: number }> {
  if (shown === undefined || 'columns' in shown) return { row: shown ?? null, scannedBytes: 0 };
  const { kind, day } = shown;
  const { rows, scannedBytes } = await readWholeRow(deployment, { kind, day, id });
  return { row: rows[0] === undefined ? null : { kind, columns: rows[0] }, scannedBytes };
}

/** A text that each line of JSON has whose row a filter takes. */
function textOfEach(filter: TraceFilter): string {
  if ('receivedAt' in filter) return `"received_at":"${isoTimestamp(filter.receivedAt)}"`;
  return 'event' in filter ? filter.event : filter.unit;
}

/** Finds copies in the order in which data moves, so that none is missed that moves meanwhile. The newest are listed. */
async function findCopies(
  deployment: Deployment,
  filter: TraceFilter,
  { most, since }: { readonly most: number; readonly since: number | undefined },
) {
  if (since === undefined && deployment.localControl === undefined)
    throw new TraceError('SLUICE_TRACE_SINCE_NEEDED');
  const { unitIds, timeWindow } = deployment.config;
  const waiting = await readWaitingRows(
    deployment,
    (row) => isAbout(row, filter, unitIds),
    textOfEach(filter),
  );
  const days = {
    from: since === undefined ? '0001-01-01' : addDays(utcDay(since), -timeWindow.pastDays),
    to: addDays(utcDay(deployment.now), timeWindow.futureDays),
  };
  // This comes before the query, so that a day that is registered meanwhile is named, and not missed.
  const unread = await unreadNotes(deployment, tableKinds, days);
  const tables = await readTracedTables(deployment, { filter, days, most });
  const copies = [
    ...waiting.rows.map(waitingCopy),
    // A resend is one also of a first copy that was received before `since`.
    ...tables.rows.map((row) => tableCopy(deployment, row, tables.rows)),
    ...tables.refusals.map(refusal),
  ]
    .filter(({ receivedAt }) => !(receivedAt < (since ?? 0)))
    .sort((a, b) => b.receivedAt - a.receivedAt);
  return {
    listed: copies.slice(0, most),
    count: copies.length,
    hasMore: tables.hasMore || copies.length > most,
    notes: [...waiting.notes, ...unread],
    scannedBytes: tables.scannedBytes,
  };
}

function listedStep({ receivedAt, line, eventId }: Copy): TraceStep {
  return { at: receivedAt, what: line, ...(eventId === undefined ? {} : { eventId }) };
}

const AGAIN = 'the writer could not read it: sluice redrive --damaged has it try again';

/** A copy that is in no table yet. */
function waitingCopy({ key, at, kind, row }: WaitingRow): Copy {
  const text = (name: string) => (typeof row[name] === 'string' ? row[name] : undefined);
  const name = text('event_name') ?? text('experiment_id') ?? text('reason') ?? '';
  const sdk = [text('sdk_type'), text('sdk_version')].filter((part) => part !== undefined).join(' ');
  const eventId = text('event_id') ?? text('quarantine_id');
  const isDamaged = key?.startsWith(DAMAGED_FOLDER) === true;
  const steps = [
    { at: timeOf(row), what: receivedText({ sdk, name, kind }) },
    ...(key === null
      ? [{ at, what: 'accepted by the stream: it is in its buffer' }]
      : [
          { at, what: `${isDamaged ? 'put aside' : 'accepted'} in ${key}` },
          { at: null, what: isDamaged ? AGAIN : 'the writer makes a file of it' },
        ]),
  ];
  const stateInStream = kind === 'quarantine' ? 'quarantined' : 'buffered';
  const stateOfSound = key === null ? stateInStream : 'landing';
  return {
    receivedAt: timeOf(row),
    state: isDamaged ? 'damaged' : stateOfSound,
    steps: () => steps,
    line: steps.map(({ what }) => what).join('; '),
    ...(eventId === undefined ? {} : { eventId }),
    row: { kind, columns: row },
  };
}

/** A copy in a table. */
function tableCopy(deployment: Deployment, row: TracedRow, rows: readonly TracedRow[]): Copy {
  const { kind, eventId, receivedAt, day } = row;
  const first = firstCopy(row, rows);
  const resent =
    first === undefined ? [] : [`it is a resend of the row received at ${isoTimestamp(first.receivedAt)}`];
  const hidden = [...row.reasons, ...resent].join('; ');
  const views =
    kind === 'events' ? 'product_events' : 'experiment_exposures, first_exposures, daily_exposures';
  const shownBy = [
    ...(hidden === '' ? [views] : []),
    ...(row.hasSecondary && first === undefined ? ['secondary_exposures'] : []),
  ];
  const { pastDays, futureDays } = deployment.config.timeWindow;
  const outside = hidden === '' ? '' : `, not in the views: ${hidden}`;
  return {
    receivedAt,
    eventId,
    state: 'queryable',
    steps: async () => [
      { at: receivedAt, what: `${receivedText(row)}, of ${isoTimestamp(row.timestamp)}` },
      {
        at: await readWrittenAt(deployment, row.file),
        what: `delivered to ${row.file} (partition ${day})`,
      },
      ...(shownBy.length === 0 ? [] : [{ at: null, what: `in the views ${shownBy.join(', ')}` }]),
      ...(hidden === '' ? [] : [{ at: null, what: `not in ${views}: ${hidden}` }]),
      ...(day === utcDay(row.timestamp)
        ? []
        : [
            {
              at: null,
              what: `its time is outside the window (${pastDays} days back, ${futureDays} ahead), so it is under the day on which it was received, ${day}`,
            },
          ]),
    ],
    line: `${shortName(row.name)} (${kind}, ${eventId}): queryable, partition ${day}${outside}`,
    row: { kind, day },
  };
}

/** A row of quarantine. */
function refusal({ receivedAt, reason, detail, day, file, path }: TracedRefusal): Copy {
  const more = detail === '' ? '' : ` ${detail}`;
  const from = isRowFailure(reason) ? `, from ${path}` : '';
  const line = `in quarantine: ${reason}.${more} (partition ${day}, ${file}${from})`;
  return {
    receivedAt,
    state: 'quarantined',
    steps: () => [{ at: receivedAt, what: line }],
    line,
    row: { kind: 'quarantine', day },
  };
}

/** Characters of a name that a step shows: names may be of any length. */
const MOST_OF_NAME = 200;

function shortName(name: string): string {
  return shortText(name, MOST_OF_NAME);
}

function receivedText({ sdk, name, kind }: Pick<TracedRow, 'sdk' | 'name'> & Pick<TraceRow, 'kind'>): string {
  const fromSdk = sdk === '' ? '' : ` from ${sdk}`;
  return `received${fromSdk}: ${shortName(name)} (${kind})`;
}

/**
 * Time at which a file was written, epoch milliseconds; null when the file is gone. @param location `s3://…`, from
 * Athena's "$path".
 */
async function readWrittenAt({ s3 }: Pick<Deployment, 's3'>, location: string): Promise<number | null> {
  const { Bucket, Prefix: Key } = s3Location(location);
  const found = await ifThere(s3.send(new HeadObjectCommand({ Bucket, Key })));
  return found?.LastModified?.getTime() ?? null;
}

/** The row that views show in place of this one, because it was received earlier; undefined if they show this one. */
function firstCopy(row: TracedRow, rows: readonly TracedRow[]): TracedRow | undefined {
  const [first] = rows
    .filter(
      ({ kind, eventId, name, day }) =>
        kind === row.kind && eventId === row.eventId && name === row.name && day === row.day,
    )
    .sort((a, b) => a.receivedAt - b.receivedAt);
  return first === row ? undefined : first;
}

function furthest(copies: readonly Pick<Copy, 'state'>[]): TraceState {
  return FURTHEST.find((state) => copies.some((copy) => copy.state === state)) ?? 'nowhere';
}

/** The steps of all copies by time, with the answers of their requests where the log has them. */
async function stepsWithAnswers(
  deployment: Deployment,
  copies: readonly Copy[],
): Promise<readonly TraceStep[]> {
  const steps: TraceStep[] = [];
  for (const copy of copies.toReversed()) {
    const [received, ...rest] = await copy.steps();
    if (received !== undefined) steps.push(received);
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
  const isFollowed = known !== null && (deployment.localControl !== undefined || options.since !== undefined);
  const { listed, ...found } = isFollowed
    ? await findCopies(deployment, { receivedAt: known }, { most: MOST_LISTED, since: known })
    : {
        listed: [],
        count: 0,
        hasMore: false,
        scannedBytes: 0,
        notes: ['Its rows were not looked for: add --since. The counts are from the answer.'],
      };
  return {
    subject: 'request',
    state: listed.length > 0 ? furthest(listed) : requestState(logged),
    steps: [
      { at: known, what: 'received' },
      answerStep(logged),
      ...counts('refused').map(([code, count]) => ({ at: null, what: `refused: ${code}, ${count}` })),
      ...counts('counted').map(([reason, count]) => ({ at: null, what: `ignored: ${reason}, ${count}` })),
      ...listed.map(listedStep),
    ],
    found: found.count,
    hasMore: found.hasMore,
    row: null,
    notes: found.notes,
    scannedBytes: found.scannedBytes,
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
