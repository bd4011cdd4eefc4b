import { addDays, isoTimestamp, utcDay } from '../../lib/base/time.ts';
import { summarizeLeftOut } from '../../lib/drops/lastLoad.ts';
import { type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { exportSubject } from '../../lib/tables/ledgerKeys.ts';
import type { Deployment } from '../deployment.ts';
import { whyUnread } from '../facts/askAws.ts';
import { readCurationState } from '../facts/days/curationState.ts';
import { readStatus as readDatasets } from '../facts/days/datasetStatus.ts';
import { type LedgerDay, readLedgerDays } from '../facts/days/readLedgerDays.ts';
import { readAlarms } from '../facts/flow/alarms.ts';
import { type LocalState, readLocalState } from '../facts/flow/localBuffers.ts';
import { readRates } from '../facts/flow/rates.ts';
import { readRefusals } from '../facts/flow/refusals.ts';
import { readRelayState } from '../facts/flow/relayCopies.ts';
import { countSenders } from '../facts/flow/senders.ts';
import { readStackOutputs, requireOutput } from '../facts/flow/stackOutputs.ts';
import { readStream, type StreamState } from '../facts/flow/streamState.ts';
import { countWaitingObjects } from '../facts/flow/waitingObjects.ts';
import type {
  Buffered,
  DatasetDays,
  ExportDays,
  FactPart,
  LedgerDayStatus,
  StatusFacts,
} from '../facts/statusFacts.ts';
import { lastDelivery } from '../facts/tables/landedFiles.ts';
import { readLandedRows, type TableArrivals } from '../facts/tables/landedRows.ts';
import { readRecentPartitions } from '../facts/tables/partitionGaps.ts';
import type { Finding } from './catalogue.ts';
import { judge } from './judge.ts';

/** Days of the ledger that are read. */
const LEDGER_DAYS = 7;
/** Datasets and exports of which days are read. */
const MOST_SUBJECTS = 20;

/** The state of every part, and what needs attention. */
export interface Status extends StatusFacts {
  /** Whether no problem needs attention; warnings do not count. */
  readonly isWell: boolean;
  /** Problems first, then warnings. */
  readonly problems: readonly Finding[];
}

/**
 * Reads the state of every part: about 35 calls, one of them a query in Athena. A part that AWS denies is left out by name;
 * the others are answered.
 *
 * @throws ObserveError if the local cloud does not answer; what AWS clients throw when AWS cannot be reached.
 */
export async function readStatus(deployment: Deployment): Promise<Status> {
  const { config, stack, isLocal, now } = deployment;
  const unknown: { part: FactPart; why: string }[] = [];
  const ask: Ask = async (part, question) => {
    try {
      return await question();
    } catch (error) {
      unknown.push({ part, why: whyUnread(error).detail });
      return null;
    }
  };
  let localFailure: unknown;
  const local = await readLocalState(deployment).catch((error: unknown) => {
    localFailure = error;
    unknown.push({ part: 'the local cloud', why: String(error instanceof Error ? error.message : error) });
    return null;
  });
  const [
    { rates, refusals, senders },
    delivered,
    rows,
    landing,
    damaged,
    stream,
    partitions,
    alarms,
    drops,
    exports,
    curated,
    relay,
  ] = await Promise.all([
    readRequests(deployment, ask),
    ask('the last event', () => lastDelivery(deployment)),
    ask('the tables', () => readLandedRows(deployment)),
    ask('landing/', () => countWaitingObjects(deployment, 'landing')),
    ask('damaged/', () => countWaitingObjects(deployment, 'damaged')),
    // The local cloud tells itself what waits.
    isLocal && local !== null
      ? null
      : ask('the stream', async () =>
          readStream(deployment, requireOutput(await readStackOutputs(deployment), 'LandingStreamName')),
        ),
    ask('the partitions', () => readRecentPartitions(deployment)),
    ask('the alarms', () => readAlarms(deployment)),
    ask('the drops', () => readDrops(deployment)),
    ask('the exports', () => readExports(deployment)),
    ask('the curated days', () => readCurationState(deployment)),
    ask('relay', () => readRelayState(deployment)),
  ]).catch((error: unknown) => {
    // Of a local cloud that does not run, its own error says more.
    throw localFailure ?? error;
  });
  const facts: StatusFacts = {
    stack: `${stack.service}-${stack.stage}`,
    isLocal,
    at: isoTimestamp(now),
    collector: local?.collector ?? null,
    lastHour: rates?.total ?? null,
    lastRequestAt: rates?.lastRequestAt ?? null,
    refusals,
    senders,
    lastEventAt: lastEventAt(rows?.tables ?? [], delivered),
    tables: tableKinds.map(
      (table) =>
        rows?.tables.find((one) => one.table === table) ?? unknownArrivals(table, config.tables[table]),
    ),
    waiting: {
      ...{ buffered: buffered(local, stream), landing, damaged },
    },
    stream,
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
  const region = await deployment.s3.config.region();
  const problems = judge(facts, deployment, { region, faults: local?.faults ?? 0 });
  return { ...facts, isWell: problems.every(({ severity }) => severity !== 'problem'), problems };
}

/** Reads one part; null, and a reason among the unknown parts, if that is not possible. */
type Ask = <Answer>(part: FactPart, question: () => Promise<Answer>) => Promise<Answer | null>;

/** The last hour, and who sent what was refused in it. The log is read only if something was refused. */
async function readRequests(deployment: Deployment, ask: Ask) {
  const rates = await ask('the last hour', () => readRates(deployment));
  const refusedBy = rates?.total.refusedBy ?? {};
  const isRefused = Object.keys(refusedBy).length > 0;
  // The local cloud accepts any key, unless it is started with --check-keys.
  const isChecked = !deployment.isLocal || refusedBy['SLUICE_KEY_UNKNOWN'] !== undefined;
  return {
    rates,
    refusals: isRefused ? await ask('refused requests', () => readRefusals(deployment)) : null,
    senders: isChecked ? await ask('the keys', () => countSenders(deployment)) : null,
  };
}

/** The newest of the rows that were received within 24 hours; without any, of the files. */
function lastEventAt(tables: readonly TableArrivals[], delivered: number | null): string | null {
  const [newest] = tables
    .flatMap(({ table, newestRowAt }) => (table === 'quarantine' ? [] : (newestRowAt ?? [])))
    .sort()
    .toReversed();
  return newest ?? (delivered === null ? null : isoTimestamp(delivered));
}

function buffered(local: LocalState | null | undefined, stream: StreamState | null): Buffered {
  return local == null ? { count: null, oldest: stream?.oldest ?? null } : local.buffered;
}

function unknownArrivals(table: TableKind, name: string): TableArrivals {
  const nothing = { newestRowAt: null, lagSeconds: null, p50Seconds: null, p99Seconds: null };
  return { table, name, ...nothing, rowsLastHour: 0, filesLastHour: 0, newestFileAt: null };
}

function datasetsOf({ sources }: Deployment['config']) {
  return sources.flatMap((source) => source.datasets.map((dataset) => ({ source, dataset })));
}

async function readDrops(deployment: Deployment): Promise<readonly DatasetDays[]> {
  const datasets = datasetsOf(deployment.config).slice(0, MOST_SUBJECTS);
  const read = await readDatasets({ ...deployment, datasets }, ({ dataset }) =>
    Math.max(LEDGER_DAYS, dataset.lookbackDays + 1),
  );
  return read.map(({ source, dataset, table, lastLook, late, days }, i): DatasetDays => {
    const { source: from, dataset: its } = datasets[i] ?? {};
    return {
      ...{ source, dataset, table },
      folder: `s3://${from?.bucket}/${its?.folder}/`,
      schedule: its?.schedule ?? 'daily',
      lookbackDays: its?.lookbackDays ?? 0,
      listedAt: lastLook === null ? null : isoTimestamp(lastLook.at),
      listFailure: lastLook?.failure ?? null,
      isStopped: lastLook?.stopped === true,
      late: late.map(({ day, due }) => ({ day, due: isoTimestamp(due) })),
      days: days.map(dayStatus),
    };
  });
}

async function readExports(deployment: Deployment): Promise<readonly ExportDays[]> {
  const exports = deployment.config.exports.slice(0, MOST_SUBJECTS);
  const read = await readLedgerDays(
    deployment,
    exports.map((one) => {
      const count = Math.max(LEDGER_DAYS, one.lookbackDays);
      return Array.from({ length: count }, (_, i) =>
        exportSubject(one, addDays(utcDay(deployment.now), i - count)),
      );
    }),
  );
  return exports.map(({ name, table, target }, i) => ({
    ...{ export: name, table, bucket: target.bucket },
    days: (read[i] ?? []).map(dayStatus),
  }));
}

function dayStatus({ day, entry }: LedgerDay): LedgerDayStatus {
  const { step, startedAt, execution = null } = entry?.athena ?? {};
  return {
    day,
    state: entry?.state ?? null,
    code: entry?.state === 'failed' ? (entry.failure?.code ?? null) : null,
    leftOut: leftOutWords(entry),
    receipt: entry?.receipt?.failure?.code ?? null,
    athena:
      step === undefined || startedAt === undefined
        ? null
        : { step, startedAt: isoTimestamp(startedAt), execution },
  };
}

function leftOutWords(entry: LedgerDay['entry']): string {
  const { count, words } = entry === null ? { count: 0, words: '' } : summarizeLeftOut(entry);
  return count === 0 ? '' : words;
}
