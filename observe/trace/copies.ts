import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { shortText } from '../../lib/base/text.ts';
import { addDays, isoTimestamp, type UtcDay, utcDay } from '../../lib/base/time.ts';
import { isRowFailure } from '../../lib/landing/quarantineReasons.ts';
import type { Config } from '../../lib/schema/config.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { DAMAGED_FOLDER } from '../../lib/tables/objectKeys.ts';
import { sluiceCommand } from '../commands.ts';
import type { Deployment } from '../deployment.ts';
import { readWaitingRows, type WaitingRow } from '../facts/flow/waitingRows.ts';
import { unreadNotes } from '../facts/tables/partitionGaps.ts';
import { s3Location } from '../facts/tables/tableDays.ts';
import {
  isAbout,
  newestFirst,
  readTracedTables,
  type TracedRefusal,
  type TracedRow,
  type TraceFilter,
  timeOf,
} from '../facts/tables/tracedRows.ts';
import { ifThere } from '../ifThere.ts';
import { deploymentOptions } from '../target.ts';

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
  /** It is in the buffer of the stream: only the local cloud tells that. */
  | 'buffered'
  /** It is in an object that the writer makes files of. */
  | 'landing'
  /** It is in an object of `damaged/`, which the writer reads when somebody has it try again. */
  | 'damaged'
  /** A request was answered 202, and its rows were not found, or not looked for. */
  | 'accepted'
  /** It was refused, and is in quarantine or on its way there. */
  | 'quarantined'
  /** Answered 4xx. */
  | 'refused'
  /** Answered 503: the SDK sends it again. */
  | 'failed'
  /** The configuration does not store it. */
  | 'ignored'
  /** Nothing was found. */
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

/** The row of an event. */
export interface TraceRow {
  /** The table that the row is of. */
  readonly kind: TableKind;
  /** The row's columns. The columns of a row that is not delivered are as the stream accepted them. */
  readonly columns: Readonly<Record<string, unknown>>;
}

/** One copy of an event, or one refusal. */
export interface Copy {
  /** Epoch milliseconds; null if the row does not say it. */
  readonly receivedAt: number | null;
  /** How far it is. */
  readonly state: TraceState;
  /** What happened to it, by time. @throws What S3's client throws. */
  steps(): readonly TraceStep[] | Promise<readonly TraceStep[]>;
  /** The copy in one line of a list. */
  readonly line: string;
  /** ID of the event, or of what was refused; absent if the row has none. */
  readonly eventId?: string;
  /** Its row, or where that is. */
  readonly row: TraceRow | { readonly kind: TableKind; readonly day: UtcDay };
}

/** The copies that {@link findCopies} has found. */
interface FoundCopies {
  /** The newest, the newest first. */
  readonly listed: readonly Copy[];
  /** How many were found. */
  readonly count: number;
  /** Whether there are more than are listed. */
  readonly hasMore: boolean;
  /** Limits of the answer, a sentence each. */
  readonly notes: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/** A text that each line of JSON has whose row a filter takes. */
function textOfEach(filter: TraceFilter): string {
  if ('receivedAt' in filter) return `"received_at":"${isoTimestamp(filter.receivedAt)}"`;
  return 'event' in filter ? filter.event : filter.unit;
}

/**
 * Finds copies in the order in which data moves, so that none is missed that moves meanwhile. The newest are listed.
 *
 * @param most How many are listed.
 * @param since Only what was received since then, epoch milliseconds. Undefined: everything, which only the local cloud is asked for.
 * @throws TraceError `SLUICE_TRACE_SINCE_NEEDED`; what the clients of AWS throw.
 */
export async function findCopies(
  deployment: Deployment,
  filter: TraceFilter,
  { most, since }: { readonly most: number; readonly since: number | undefined },
): Promise<FoundCopies> {
  if (since === undefined && deployment.localControl === undefined)
    throw new TraceError('SLUICE_TRACE_SINCE_NEEDED');
  const { unitIds, timeWindow } = deployment.config;
  const waiting = await readWaitingRows(
    deployment,
    (row) => isAbout(row, filter, unitIds),
    textOfEach(filter),
  );
  const days = tracedDays(timeWindow, { since, now: deployment.now });
  // This comes before the query, so that a day that is registered meanwhile is named, and not missed.
  const unread = await unreadNotes(deployment, tableKinds, days);
  const tables = await readTracedTables(deployment, { filter, days, most });
  const again = sluiceCommand(deploymentOptions(deployment), ['redrive', '--damaged']);
  const copies = [
    ...waiting.rows.map((row) => waitingCopy(row, again)),
    // A resend is one also of a first copy that was received before `since`.
    ...tables.rows.map((row) => tableCopy(deployment, row, tables.rows)),
    ...tables.refusals.map(refusal),
  ]
    .filter(({ receivedAt }) => receivedAt === null || receivedAt >= (since ?? 0))
    .sort(newestFirst);
  return {
    listed: copies.slice(0, most),
    count: copies.length,
    hasMore: tables.hasMore || copies.length > most,
    notes: [...waiting.notes, ...unread],
    scannedBytes: tables.scannedBytes,
  };
}

/**
 * The days in whose partitions rows can be that were received since a time: a row's day is that of its event.
 */
export function tracedDays(
  { pastDays, futureDays }: Config['timeWindow'],
  {
    since,
    now,
  }: {
    /** When they were received first, epoch milliseconds; undefined: from the first day on. */
    readonly since: number | undefined;
    /** When they were received last, epoch milliseconds. */
    readonly now: number;
  },
): { readonly from: UtcDay; readonly to: UtcDay } {
  return {
    from: since === undefined ? '0001-01-01' : addDays(utcDay(since), -pastDays),
    to: addDays(utcDay(now), futureDays),
  };
}

/** A copy that is in no table yet. @param again The command that has the writer read damaged objects again. */
function waitingCopy({ key, at, kind, row }: WaitingRow, again: string): Copy {
  const text = (column: string) => (typeof row[column] === 'string' ? row[column] : undefined);
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
          {
            at: null,
            what: isDamaged
              ? `the writer could not read it: ${again} has it try again`
              : 'the writer makes a file of it',
          },
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
  const { kind, eventId, receivedAt, timestamp, day } = row;
  const ofTime = timestamp === null ? '' : `, of ${isoTimestamp(timestamp)}`;
  const first = firstCopy(row, rows);
  const resent = first === undefined ? [] : [resendText(first)];
  const hidden = [...row.reasons, ...resent].join('; ');
  const views =
    kind === 'events' ? 'product_events' : 'experiment_exposures, first_exposures, daily_exposures';
  const shownBy = [
    ...(hidden === '' ? [views] : []),
    ...(row.hasSecondary && first === undefined ? ['secondary_exposures'] : []),
  ];
  const { pastDays, futureDays } = deployment.config.timeWindow;
  const outside = hidden === '' ? '' : `, not in the views: ${hidden}`;
  const id = eventId === '' ? '' : `, ${eventId}`;
  return {
    receivedAt,
    ...(eventId === '' ? {} : { eventId }),
    state: 'queryable',
    steps: async () => [
      {
        at: receivedAt,
        what: `${receivedText(row)}${ofTime}`,
      },
      {
        at: await readWrittenAt(deployment, row.file),
        what: `delivered to ${row.file} (partition ${day})`,
      },
      ...(shownBy.length === 0 ? [] : [{ at: null, what: `in the views ${shownBy.join(', ')}` }]),
      ...(hidden === '' ? [] : [{ at: null, what: `not in ${views}: ${hidden}` }]),
      ...(timestamp === null || day === utcDay(timestamp)
        ? []
        : [
            {
              at: null,
              what: `its time is outside the window (${pastDays} days back, ${futureDays} ahead), so it is under the day on which it was received, ${day}`,
            },
          ]),
    ],
    line: `${shortName(row.name)} (${kind}${id}): queryable, partition ${day}${outside}`,
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

/** A name as a step shows it. */
function shortName(name: string): string {
  return shortText(name, MOST_OF_NAME);
}

/** `received from javascript-client 3.33.5: buy (events)` */
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

/** Of which row another one is a resend. */
function resendText({ receivedAt }: TracedRow): string {
  const which = receivedAt === null ? 'another row' : `the row received at ${isoTimestamp(receivedAt)}`;
  return `it is a resend of ${which}`;
}

/** The time of a row, later than any other if it is not known: views sort nulls last. */
const sortedTime = ({ receivedAt }: TracedRow) => receivedAt ?? Number.MAX_SAFE_INTEGER;

/** The row that views show in place of this one, because it was received earlier; undefined if they show this one, or if it has no ID. */
function firstCopy(row: TracedRow, rows: readonly TracedRow[]): TracedRow | undefined {
  if (row.eventId === '') return undefined;
  const [first] = rows
    .filter(
      ({ kind, eventId, name, day }) =>
        kind === row.kind && eventId === row.eventId && name === row.name && day === row.day,
    )
    .sort((a, b) => sortedTime(a) - sortedTime(b));
  return first === row ? undefined : first;
}
