import { addDays, isoTimestamp, utcDay } from '../../lib/base/time.ts';
import type { LastListing } from '../../lib/drops/plan/planSources.ts';
import { HoldError } from '../../lib/landing/hold/StreamHolds.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { exportPlace } from '../../lib/tables/ledgerKeys.ts';
import { tableOf } from '../../lib/tables/streams.ts';
import { readCurationState } from '../curate/curationState.ts';
import { explainAwsError } from '../explainAwsError.ts';
import { readHeldStreams } from '../holds/holds.ts';
import { readStatus as readDatasets } from '../ingest/datasetStatus.ts';
import { readLedgerDays } from '../ingest/readLedgerDays.ts';
import { type LocalState, readLocalState } from '../localBuffers.ts';
import { ObserveError, type Place } from '../place.ts';
import { readRelayState } from '../relay/relayCopies.ts';
import { readAlarms } from './alarms.ts';
import { readLandedRows, type TableArrivals } from './landedRows.ts';
import { readRecentPartitions } from './partitionGaps.ts';
import { readRates } from './rates.ts';
import type {
  Buffered,
  DatasetDays,
  ExportDays,
  LedgerDayStatus,
  StatusFacts,
  TableStatus,
} from './statusFacts.ts';
import { findProblems, type StatusProblem } from './statusProblems.ts';
import { readDroppedRecords, readStreams, type StreamState } from './streamState.ts';
import { countWaitingObjects } from './waitingObjects.ts';

/** Days of the ledger that are read. */
const LEDGER_DAYS = 7;
/** Datasets and exports of which days are read. */
const MOST_SUBJECTS = 20;

/** The state of every part, and what needs attention. */
export interface Status extends StatusFacts {
  /** Whether no problem needs attention; warnings do not count. */
  readonly isWell: boolean;
  /** Problems first, then warnings. */
  readonly problems: readonly StatusProblem[];
}

/**
 * Reads the state of every part: about 30 calls, one of them a query in Athena. A part that AWS denies is left out by name;
 * the others are answered.
 *
 * @throws ObserveError if the local cloud does not answer; what AWS clients throw when AWS cannot be reached.
 */
export async function readStatus(place: Place): Promise<Status> {
  const { config, stack, isLocal, now } = place;
  const unknown: { part: string; why: string }[] = [];
  const ask = async <Answer>(part: string, question: () => Promise<Answer>): Promise<Answer | null> => {
    try {
      return await question();
    } catch (error) {
      unknown.push({ part, why: deniedReason(error) });
      return null;
    }
  };
  const [
    local,
    rates,
    rows,
    overflow,
    errors,
    parked,
    streams,
    dropped,
    holds,
    partitions,
    alarms,
    drops,
    exports,
    curated,
    relay,
  ] = await Promise.all([
    readLocalState(place),
    ask('the last hour', () => readRates(place)),
    ask('the tables', () => readLandedRows(place)),
    ask('overflow', () => countWaitingObjects(place, 'overflow')),
    ask('errors', () => countWaitingObjects(place, 'errors')),
    ask('parked', () => countWaitingObjects(place, 'parked')),
    isLocal ? null : ask('the streams', () => readStreams(place)),
    ask('dropped records', () => readDroppedRecords(place)),
    ask('the held streams', () => readHeldStreams(place)),
    ask('the partitions', () => readRecentPartitions(place)),
    ask('the alarms', () => readAlarms(place)),
    ask('the drops', () => readDrops(place)),
    ask('the exports', () => readExports(place)),
    ask('the curated days', () => readCurationState(place)),
    ask('relay', () => readRelayState(place)),
  ]);
  const bufferOf = (table: TableKind) => buffered(table, local, streams);
  const facts: StatusFacts = {
    stack: `${stack.service}-${stack.stage}`,
    isLocal,
    at: isoTimestamp(now),
    collector: local?.collector ?? null,
    lastHour: rates?.total ?? null,
    lastRequestAt: rates?.lastRequestAt ?? null,
    tables: tableKinds.map(
      (table): TableStatus => ({
        ...(rows?.tables.find((one) => one.table === table) ?? unknownArrivals(table, config.tables[table])),
        buffered: bufferOf(table),
      }),
    ),
    waiting: { buffered: together(tableKinds.map(bufferOf)), overflow, errors, parked },
    streams,
    dropped,
    held: holds?.held ?? null,
    drain: holds?.drain ?? null,
    partitions,
    quarantine: rows?.quarantine ?? null,
    datasets: drops,
    exports,
    curated,
    relay,
    alarms,
    unknown,
    notes: [
      ...(rows?.notes ?? []),
      ...(Math.max(datasetsOf(config).length, config.exports.length) > MOST_SUBJECTS
        ? [`Only the first ${MOST_SUBJECTS} datasets and exports were read.`]
        : []),
    ],
    scannedBytes: rows?.scannedBytes ?? 0,
  };
  const region = await place.s3.config.region();
  const problems = findProblems(facts, place, { region, faults: local?.faults ?? 0 });
  return { ...facts, isWell: problems.every(({ severity }) => severity !== 'problem'), problems };
}

/** @throws The error again, unless AWS answered with it, or what it answered is damaged. */
function deniedReason(error: unknown): string {
  if (error instanceof ObserveError || error instanceof HoldError) return error.message;
  for (const one of [error, error instanceof Error ? error.cause : undefined]) {
    const problem = explainAwsError(one);
    if (problem?.kind === 'answered') return problem.detail;
    if (problem?.kind === 'unasked') throw problem.error;
  }
  throw error;
}

function buffered(
  table: TableKind,
  local: LocalState | undefined,
  streams: readonly StreamState[] | null,
): Buffered {
  if (local === undefined) {
    const own = (streams ?? []).filter((one) => one.table === table);
    return together([{ count: null, oldest: null }, ...own.map(({ oldest }) => ({ count: null, oldest }))]);
  }
  const own = [...local.buffered].flatMap(([stream, one]) => (tableOf(stream) === table ? [one] : []));
  return together([{ count: 0, oldest: null }, ...own]);
}

function together(buffers: readonly Buffered[]): Buffered {
  const counts = buffers.flatMap(({ count }) => count ?? []);
  const [oldest = null] = buffers.flatMap(({ oldest: one }) => one ?? []).sort();
  return {
    count: counts.length < buffers.length ? null : counts.reduce((sum, count) => sum + count, 0),
    oldest,
  };
}

function unknownArrivals(table: TableKind, name: string): TableArrivals {
  const nothing = { newestRowAt: null, lagSeconds: null, p50Seconds: null, p99Seconds: null };
  return { table, name, ...nothing, rowsLastHour: 0, filesLastHour: 0, newestFileAt: null };
}

function datasetsOf({ sources }: Place['config']) {
  return sources.flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })));
}

async function readDrops(place: Place): Promise<readonly DatasetDays[]> {
  const datasets = datasetsOf(place.config).slice(0, MOST_SUBJECTS);
  const read = await readDatasets({ ...place, datasets }, LEDGER_DAYS);
  return read.map(({ source, dataset, table, lastLook, late, days }) => ({
    ...{ source, dataset, table },
    ...listing(lastLook),
    late: late.map(({ day }) => day),
    days: days.map(dayStatus),
  }));
}

function listing(last: LastListing | null): Pick<DatasetDays, 'listedAt' | 'listFailure'> {
  return {
    listedAt: last === null ? null : isoTimestamp(last.at),
    listFailure: last?.failure?.code ?? null,
  };
}

async function readExports(place: Place): Promise<readonly ExportDays[]> {
  const exports = place.config.exports.slice(0, MOST_SUBJECTS);
  const days = Array.from({ length: LEDGER_DAYS }, (_, i) => addDays(utcDay(place.now), i - LEDGER_DAYS));
  const read = await readLedgerDays(
    place,
    exports.map((one) => days.map((day) => exportPlace(one, day))),
  );
  return exports.map(({ name, table }, i) => ({ export: name, table, days: (read[i] ?? []).map(dayStatus) }));
}

function dayStatus({
  day,
  entry,
}: Awaited<ReturnType<typeof readLedgerDays>>[number][number]): LedgerDayStatus {
  const isFailed = entry?.state === 'failed';
  return { day, state: entry?.state ?? null, code: isFailed ? (entry.failure?.code ?? null) : null };
}
