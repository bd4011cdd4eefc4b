import { queryableSeconds } from '../../infra/streams/streams.ts';
import { DAY_MS, isoTimestamp } from '../../lib/base/time.ts';
import type { Deployment } from '../deployment.ts';
import { readWholeRow } from '../facts/tables/tracedRows.ts';
import { type Copy, findCopies, type TraceRow, type TraceState, type TraceStep } from './copies.ts';
import { findRequest, findRequestsAt, type LoggedRequest } from './requestLog.ts';

/** The kind of ID that was searched for. */
type TraceSubject = 'event' | 'user' | 'request';

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

/** Options of {@link trace}. */
export interface TraceOptions {
  /** Event ID, ID of a user or another unit, or ID of a request. */
  readonly id: string;
  /** The kind of `id`. Default: by its form, and a request if the log has it. */
  readonly subject?: TraceSubject | undefined;
  /**
   * Only what was received since this time, epoch milliseconds. Default: everything in the local cloud; a day for a
   * request.
   */
  readonly since?: number | undefined;
  /** Whether the answer has the row of an event. Default false: of a deployment it costs one more query. */
  readonly withRow?: boolean;
}

/** Events of a user that are listed, the newest first. */
const MOST_LISTED = 50;
/** The most copies of one event that are followed. */
const MOST_COPIES = 20;

/** What is said where the log has more than was read, and nothing of the request was in that. */
const LOG_CUT =
  "Only the beginning of the collector's log was read, as it is long: add --since with a time shortly before the request.";

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
  let isCut = false;
  if (subject === 'request' || (subject === undefined && REQUEST_ID.test(id))) {
    const since = options.since ?? (deployment.localControl === undefined ? deployment.now - DAY_MS : 0);
    const { request, hasMore } = await findRequest(deployment, id, since);
    if (request !== undefined) return traceRequest(deployment, request, options);
    isCut = hasMore;
    if (subject === 'request')
      return {
        subject,
        state: 'nowhere',
        steps: [],
        found: 0,
        hasMore: false,
        row: null,
        notes: isCut ? [LOG_CUT] : [],
        scannedBytes: 0,
      };
  }
  const found = await traceRows(deployment, 'user', options);
  // Where rows have the ID as that of a user, no request is missed.
  return isCut && found.found === 0 ? { ...found, notes: [LOG_CUT, ...found.notes] } : found;
}

/** Traces the copies of an event, or the events of a user. @param subject What the ID is of. */
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

/** A copy as a line of a list. */
function listedStep({ receivedAt, line, eventId }: Copy): TraceStep {
  return { at: receivedAt, what: line, ...(eventId === undefined ? {} : { eventId }) };
}

/** The state that counts of several copies. */
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

/** The answer of the request that was received at that time, as far as the log has it: a log that cannot be read adds nothing. */
async function answerSteps(
  deployment: Deployment,
  receivedAt: Copy['receivedAt'],
): Promise<readonly TraceStep[]> {
  if (receivedAt === null) return [];
  const requests = await findRequestsAt(deployment, receivedAt).catch(() => []);
  const [request, ...others] = requests;
  if (request === undefined) return [];
  if (others.length > 0)
    return [{ at: receivedAt, what: `${requests.length} requests were received in that millisecond` }];
  return [answerStep(request)];
}

/** That a request was answered: how, and with which counts. */
function answerStep(request: LoggedRequest): TraceStep {
  const { line, requestId, receivedAt, latencyMs, isRefused } = request;
  const status = line?.['status'] ?? (isRefused ? 'with an error' : 202);
  const code = typeof line?.['code'] === 'string' ? ` ${line['code']}` : '';
  const counts = (['received', 'landed', 'overflowed', 'quarantined', 'ignored'] as const)
    .filter((name) => request[name] > 0)
    .map((name) => `${request[name]} ${name === 'landed' ? 'accepted' : name}`);
  const id = requestId === null ? '' : ` (request ${requestId})`;
  return {
    at: receivedAt === null ? null : receivedAt + latencyMs,
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
  const counts = (name: 'refused' | 'counted') => {
    const value = line?.[name];
    return typeof value === 'object' && value !== null ? Object.entries(value) : [];
  };
  const isFollowed =
    receivedAt !== null && (deployment.localControl !== undefined || options.since !== undefined);
  const { listed, ...found } = isFollowed
    ? await findCopies(deployment, { receivedAt }, { most: MOST_LISTED, since: receivedAt })
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
      { at: receivedAt, what: 'received' },
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
