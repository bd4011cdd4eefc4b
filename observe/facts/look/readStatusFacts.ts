import { sum } from '../../../lib/base/sum.ts';
import { isoTimestamp } from '../../../lib/base/time.ts';
import { nightDays } from '../../../lib/reconcile/reconcileDays.ts';
import type { Deployment } from '../../deployment.ts';
import { readQueue } from '../../readQueue.ts';
import { type CurationState, readCurationState, unreadCurated } from '../days/curationState.ts';
import { configuredDatasets, readDatasets } from '../days/datasets.ts';
import { type DatasetDays, dropDays } from '../days/dropDays.ts';
import { readExports } from '../days/exportDays.ts';
import { readDamagedFiles } from '../days/files/damagedFiles.ts';
import { unreadDrops } from '../days/unreadDays.ts';
import { readAlarms } from '../flow/alarms.ts';
import { lastDayOf } from '../flow/changes.ts';
import { readDeadLetters } from '../flow/failures/deadLetters.ts';
import { readKeysFailure } from '../flow/failures/keysFailure.ts';
import { FAILED_REQUESTS, readAnswers } from '../flow/logged/loggedAnswers.ts';
import { readNoted } from '../flow/logged/notedEvents.ts';
import { readRelayState, readUnkeptCopies } from '../flow/relayCopies.ts';
import { readLastHour, readLastRequest } from '../flow/requestCounts.ts';
import { readKeys } from '../flow/senders.ts';
import { readStream } from '../flow/streamState.ts';
import { readGatewayStatus, readUnreached } from '../flow/unreachedRequests.ts';
import { countDamaged, countLanding, isLandingLate } from '../flow/waitingObjects.ts';
import { readWriterBacklog } from '../flow/writerBacklog.ts';
import { readFunctionRuns } from '../functions/functionRuns.ts';
import { queueFaults } from '../functions/queueFaults.ts';
import { readLostCopies } from '../lostCopies.ts';
import { withLostTasks } from '../lostTasks.ts';
import { readOpenErasures } from '../openErasures.ts';
import { judgedHours, readLastNight } from '../receivedHours.ts';
import { RAW_TABLES_PART, type SharedPart, type StatusFacts } from '../statusFacts.ts';
import { readLandedRows, type TableArrivals } from '../tables/landedRows.ts';
import { lastDelivery } from '../tables/lastDelivery.ts';
import { readLostDays, readNotedRules, readRecentPartitions } from '../tables/partitionGaps.ts';
import { countQuarantineFiles } from '../tables/quarantineFiles.ts';
import { answersOf, beginLook, type Look, streamOf } from './beginLook.ts';
import { readKey } from './bucketKey.ts';
import { readContents } from './contentFacts.ts';
import { type FirstFacts, readFurtherFacts } from './furtherFacts.ts';
import { readStackBucketFaults, readStackState } from './stackState.ts';

/**
 * Reads the state of every part: about 70 calls, up to four of them queries in Athena. A part that AWS denies is left out by name;
 * the others are answered.
 *
 * @throws ObserveError if the local cloud does not answer; what AWS clients throw when AWS cannot be reached.
 */
export async function readStatusFacts(given: Deployment): Promise<StatusFacts> {
  const look = await beginLook(given);
  const { facts, delivered } = await readFirstFacts(look);
  const further = await readFurtherFacts(look, facts, delivered);
  // All parts were asked: the list of those that could not be read is complete.
  return { ...facts, ...further, unknown: look.unread };
}

/** What is read first. */
interface FirstAnswers {
  /** What needs nothing of other parts, but a few that say where to look. */
  readonly facts: FirstFacts;
  /** When the newest file of a table was stored, epoch milliseconds; null if none was, or if that could not be read. */
  readonly delivered: number | null;
}

/** Reads what needs nothing of other parts, at once. */
async function readFirstFacts(look: Look): Promise<FirstAnswers> {
  const { deployment, local, ask, queues } = look;
  const { stack, isLocal, now } = deployment;
  const {
    requests,
    delivered,
    rows,
    content,
    landed,
    damaged,
    datasets,
    unread,
    curated,
    unreadDays,
    stackState,
    runs,
    ...parts
  } = await answersOf(askParts(look));
  // A queue that cannot be read hides no dataset.
  const tasked =
    datasets &&
    (await ask('the queue of loads', (open) => withLostTasks(open, datasets, () => readDrops(open))));
  // The queue of late objects tells whether their messages can still come.
  if (landed !== null && isLandingLate(landed.landing, now) && !queues.has('write'))
    await ask('the queue of the writer', (open) => readQueue(open, 'write'));
  const quarantine = rows?.quarantine ?? (await ask('quarantine', countQuarantineFiles));
  const facts: FirstFacts = {
    ...requests,
    ...parts,
    stack: `${stack.service}-${stack.stage}`,
    isLocal,
    at: isoTimestamp(now),
    collector: local?.collector ?? null,
    stackState: stackState?.stackState ?? null,
    deployedAt: local?.startedAt ?? stackState?.deployedAt ?? null,
    undeployed: stackState?.undeployed ?? null,
    stackFaults:
      stackState?.stackFaults?.concat(queueFaults(deployment, await look.deployed, queues)) ?? null,
    functionErrors: runs?.errors ?? null,
    idleFunctions: runs?.idle ?? null,
    datasets: (tasked ?? datasets)?.map((dataset, i) => ({ ...dataset, unread: [], ...unread?.[i] })) ?? null,
    curated: curated?.map((state, i): CurationState => ({ ...state, unread: unreadDays?.[i] ?? [] })) ?? null,
    lastEventAt: lastEventAt(rows?.tables ?? [], delivered),
    tables: rows?.tables ?? null,
    contentChanges: content?.flatMap((ofTable) => ofTable?.changes ?? []) ?? null,
    earlierEvents: content?.flatMap((ofTable) => ofTable?.earlier ?? []) ?? null,
    waiting: {
      buffered: local?.buffered ?? { count: null, oldest: parts.stream?.oldest ?? null },
      landing: landed?.landing ?? null,
      undeleted: landed?.undeleted ?? null,
      damaged,
    },
    quarantine,
    faults: local?.faults ?? 0,
    scannedBytes: sum([rows, ...(content ?? [])].map((read) => read?.scannedBytes ?? 0)),
  };
  return { facts, delivered };
}

/** Asks all at once. Each rejects only if AWS cannot be reached, by a defect, or when nobody waits any longer. */
function askParts(look: Look) {
  const { deployment, deployed, outputs, day, local, ask } = look;
  const { config, now } = deployment;
  const curated = ask('the curated days' satisfies SharedPart, readCurationState);
  const unreached = ask('the endpoint', async () => readUnreached(deployment, await outputs, await day));
  const alarms = ask('the alarms' satisfies SharedPart, readAlarms);
  return {
    requests: readRequests(look),
    lastDay: ask('the last day', async () => lastDayOf(await day)),
    unreached,
    gatewayStatus: unreached.then(
      (hours) => hours && ask('the access log', (open) => readGatewayStatus(open, hours)),
    ),
    noted: ask('noted events', readNoted),
    keys: ask('the keys' satisfies SharedPart, readKeys),
    keysFailure: look.askLog('collect', readKeysFailure),
    delivered: ask('the last event', lastDelivery),
    rows: ask(RAW_TABLES_PART, readLandedRows),
    content: config.curate ? readContents(look) : null,
    landed: ask('landing/', countLanding),
    damaged: ask('damaged/', countDamaged),
    writer: ask('the queue of the writer', readWriterBacklog),
    // The local cloud tells itself what waits.
    stream:
      local === undefined
        ? ask('the stream', async () => readStream(deployment, await streamOf(look)))
        : null,
    key: ask('the key', async () => readKey(deployment, await outputs)),
    partitions: ask('the partitions' satisfies SharedPart, readRecentPartitions),
    stackState: ask('the stack' satisfies SharedPart, async () => readStackState(look, await alarms)),
    alarms,
    datasets: ask('the drops' satisfies SharedPart, readDrops),
    unread: ask('the partitions of drops' satisfies SharedPart, () =>
      unreadDrops(deployment, configuredDatasets(config)),
    ),
    exports: ask('the exports', async () => (await readExports(deployment, config.exports)).map(dropDays)),
    curated,
    unreadDays: ask('the partitions of curated days' satisfies SharedPart, unreadCurated),
    relay: ask('relay', readRelayState),
    unkept: ask('copies for relay', readUnkeptCopies),
    lostCopies: ask('the queue of relay', readLostCopies),
    lostDays: ask('the raw days', readLostDays),
    damagedFiles: ask('the files of the last days', async (open) => readDamagedFiles(open, await curated)),
    erasures: ask('the erasures', readOpenErasures),
    archivingRules: ask('the rules of the bucket', readNotedRules),
    bucketFaults: readStackBucketFaults(look),
    deadLetters: ask('the dead letters', readDeadLetters),
    runs: ask("the functions' runs", async (open) =>
      readFunctionRuns(open, local?.startedAt ?? (await deployed).deployedAt),
    ),
    lastNight: config.reconcile ? ask('the last night', readLastNight) : null,
    receivedHours: ask('the received hours', () => judgedHours(deployment, nightDays(now))),
  };
}

/** The last hour, and who sent what was refused, or answered 503. */
async function readRequests({
  deployment,
  day,
  ask,
}: Pick<Look, 'deployment' | 'day' | 'ask'>): Promise<
  Pick<StatusFacts, 'lastHour' | 'lastRequestAt' | 'refusals' | 'unstored'>
> {
  const lastHour = await ask('the last hour', readLastHour);
  return {
    lastHour,
    lastRequestAt: lastHour?.lastRequestAt ?? (await ask('the last request', readLastRequest)),
    refusals: await ask('refused requests', async () =>
      readAnswers(deployment, (await day).day, 'refusedBy'),
    ),
    unstored: await ask(FAILED_REQUESTS, async () => readAnswers(deployment, (await day).day, 'failedBy')),
  };
}

/** The days of datasets. */
async function readDrops(deployment: Deployment): Promise<readonly DatasetDays[]> {
  return (await readDatasets(deployment, configuredDatasets(deployment.config))).map(dropDays);
}

/** The newest of the rows that were received within 24 hours; without any, of the files. */
function lastEventAt(tables: readonly TableArrivals[], delivered: number | null): string | null {
  const rows = tables.flatMap(({ table, newestRowAt }) =>
    table === 'quarantine' ? [] : (newestRowAt ?? []),
  );
  return rows.sort().at(-1) ?? (delivered === null ? null : isoTimestamp(delivered));
}
