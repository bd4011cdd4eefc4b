import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { bucketDeleters } from '../../infra/bucketNeeds.ts';
import { CONFIGURATION_OUTPUT, deployedUnitIds } from '../../infra/template/deployedConfiguration.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { sum } from '../../lib/base/sum.ts';
import { DAY_MS, isoTimestamp } from '../../lib/base/time.ts';
import { isCuredByRedrive } from '../../lib/landing/quarantineReasons.ts';
import { nightDays } from '../../lib/reconcile/reconcileDays.ts';
import { hasGateway } from '../../lib/schema/endpoint.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import { isOfKey, unreadKind } from '../answerKinds.ts';
import type { Deployment, Queue } from '../deployment.ts';
import { whyUnread } from '../explainAwsError.ts';
import { ifThere } from '../ifThere.ts';
import { readQueue } from '../readQueue.ts';
import { type BucketKey, type BucketOwner, readBucketFaults } from './bucketFaults.ts';
import { type CurationState, readCurationState, unreadCurated } from './days/curationState.ts';
import { configuredDatasets, readDatasets } from './days/datasets.ts';
import { type DatasetDays, dropDays } from './days/dropDays.ts';
import { readExports } from './days/exportDays.ts';
import { readArchivedDays } from './days/files/archivedDays.ts';
import { readDamagedEntries, readDamagedFiles } from './days/files/damagedFiles.ts';
import { restorableDays } from './days/files/restorableDays.ts';
import { unreadDrops } from './days/unreadDays.ts';
import { readDeniedCalls } from './deniedCalls.ts';
import { readEncryptionDemands } from './encryptionDemands.ts';
import { readAlarms } from './flow/alarms.ts';
import { type Change, lastDayOf, readDayCounts } from './flow/changes.ts';
import { readDeadLetters } from './flow/failures/deadLetters.ts';
import { readKeysFailure } from './flow/failures/keysFailure.ts';
import { readFirstKeyFailure } from './flow/failures/lastFailure.ts';
import { readLocalState } from './flow/localCloud.ts';
import { readOverflowError, readUnkeptError } from './flow/logged/collectorErrors.ts';
import { FAILED_REQUESTS, readAnswers } from './flow/logged/loggedAnswers.ts';
import { readMainSender } from './flow/logged/mainSender.ts';
import { readNoted } from './flow/logged/notedEvents.ts';
import { readRelayAnswer } from './flow/relayAnswer.ts';
import { areCopiesLate, readRelayState, readUnkeptCopies } from './flow/relayCopies.ts';
import { readLastHour, readLastRequest } from './flow/requestCounts.ts';
import { readKeys } from './flow/senders.ts';
import {
  readAllowedOrigins,
  readStack,
  readStackResources,
  requireOutput,
  type StackOutputs,
  undeployedOf,
} from './flow/stackOutputs.ts';
import { readStream } from './flow/streamState.ts';
import { readGatewayStatus, readUnreached } from './flow/unreachedRequests.ts';
import { countDamaged, countLanding, isLandingLate } from './flow/waitingObjects.ts';
import { readWriterBacklog } from './flow/writerBacklog.ts';
import { readFormerKeys } from './formerKeys.ts';
import { readFunctionRuns } from './functions/functionRuns.ts';
import { queueFaults } from './functions/queueFaults.ts';
import { failedByKey, readFailures } from './functions/waitingFailures.ts';
import { readLostCopies } from './lostCopies.ts';
import { withLostTasks } from './lostTasks.ts';
import { readOpenErasures } from './openErasures.ts';
import { judgedHours, readLastNight, undeliveredHours } from './receivedHours.ts';
import { readStackFaults } from './stackFaults.ts';
import {
  contentPart,
  type KeyFacts,
  METADATA_PART,
  NO_KEY,
  RAW_TABLES_PART,
  type SharedPart,
  type StatusFacts,
  type UnreadPart,
} from './statusFacts.ts';
import {
  type ContentChanges,
  isOfBrowsers,
  MOST_CONTENT_BYTES,
  readContentChanges,
  readMetadataChanges,
} from './tables/contentChanges.ts';
import { readLandedRows, type TableArrivals } from './tables/landedRows.ts';
import { lastDelivery } from './tables/lastDelivery.ts';
import { lastRedrive } from './tables/lastRedrive.ts';
import { readLostDays, readNotedRules, readRecentPartitions } from './tables/partitionGaps.ts';
import { countQuarantineFiles } from './tables/quarantineFiles.ts';

/** How far back the first failure of a key is looked for, milliseconds. */
const KEY_FAILED_MS = 14 * DAY_MS;

/**
 * Reads the state of every part: about 70 calls, up to four of them queries in Athena. A part that AWS denies is left out by name;
 * the others are answered.
 *
 * @throws ObserveError if the local cloud does not answer; what AWS clients throw when AWS cannot be reached.
 */
export async function readStatusFacts(given: Deployment): Promise<StatusFacts> {
  // One damaged entry hides its own day alone.
  const damagedKeys = new Set<string>();
  const queues = new Map<string, Queue>();
  const deployment: Deployment = {
    ...given,
    onDamaged: (key) => void damagedKeys.add(key),
    onQueue: (part, queue) => void queues.set(part, queue),
  };
  const { config, stack, isLocal, now } = deployment;
  const unknown: UnreadPart[] = [];
  /** Reads one part; null, and a reason among the unknown parts, if that is not possible. */
  const ask = async <Answer>(
    part: string,
    question: (deployment: Deployment) => Promise<Answer>,
    log: string | null = null,
  ): Promise<Answer | null> => {
    try {
      return await question(deployment);
    } catch (error) {
      const why = whyUnread(error);
      unknown.push({ part, why, kind: unreadKind(error), log, isByKey: isOfKey(why) });
      return null;
    }
  };
  /** Reads the log of a function, as {@link ask}. */
  const askLog = <Answer>(name: string, question: (deployment: Deployment) => Promise<Answer>) =>
    ask(`the log of ${name}`, question, name);
  const local = await readLocalState(deployment);
  const deployed = readStack(deployment);
  const outputs = deployed.then((found) => found.outputs);
  const day = readDayCounts(deployment);
  const curation = ask('the curated days' satisfies SharedPart, readCurationState);
  const askedUnreached = ask('the endpoint', async () => readUnreached(deployment, await outputs, await day));
  const askedAlarms = ask('the alarms' satisfies SharedPart, readAlarms);
  // The parts that need these report their failure.
  for (const part of [outputs, day]) part.catch(() => undefined);
  const contents = config.curate
    ? { exposures: readContent('exposures'), events: readContent('events') }
    : null;
  // All are asked at once. Each rejects only if AWS cannot be reached, by a defect, or when nobody waits any longer.
  const asked = {
    requests: readRequests(),
    lastDay: ask('the last day', async () => lastDayOf(await day)),
    unreached: askedUnreached,
    gatewayStatus: askedUnreached.then(
      (hours) => hours && ask('the access log', (open) => readGatewayStatus(open, hours)),
    ),
    noted: ask('noted events', readNoted),
    keys: ask('the keys' satisfies SharedPart, readKeys),
    keysFailure: askLog('collect', readKeysFailure),
    delivered: ask('the last event', lastDelivery),
    rows: ask(RAW_TABLES_PART, readLandedRows),
    content:
      contents &&
      Promise.all([...Object.values(contents), beside(contents.events, METADATA_PART, readMetadataChanges)]),
    landed: ask('landing/', countLanding),
    damaged: ask('damaged/', countDamaged),
    writer: ask('the queue of the writer', readWriterBacklog),
    // The local cloud tells itself what waits.
    stream:
      local !== undefined
        ? null
        : ask('the stream', async () =>
            readStream(deployment, requireOutput(await outputs, 'LandingStreamName')),
          ),
    key: ask('the key', async () => readKey(deployment, await outputs)),
    partitions: ask('the partitions' satisfies SharedPart, readRecentPartitions),
    stackState: ask('the stack' satisfies SharedPart, readStackState),
    alarms: askedAlarms,
    datasets: ask('the drops' satisfies SharedPart, readDrops),
    unread: ask('the partitions of drops' satisfies SharedPart, () =>
      unreadDrops(deployment, configuredDatasets(config)),
    ),
    exports: ask('the exports', async () => (await readExports(deployment, config.exports)).map(dropDays)),
    curated: curation,
    unreadDays: ask('the partitions of curated days' satisfies SharedPart, unreadCurated),
    relay: ask('relay', readRelayState),
    unkept: ask('copies for relay', readUnkeptCopies),
    lostCopies: ask('the queue of relay', readLostCopies),
    lostDays: ask('the raw days', readLostDays),
    damagedFiles: ask('the files of the last days', async (open) => readDamagedFiles(open, await curation)),
    erasures: ask('the erasures', readOpenErasures),
    archivingRules: ask('the rules of the bucket', readNotedRules),
    bucketFaults: deployed
      .catch(() => undefined)
      .then(async (found) => {
        const owner = found === undefined ? undefined : await readBucketOwner(deployment, found.id);
        return readBucketFaults(deployment, keyOf(config, found?.outputs), owner, ask);
      }),
    deadLetters: ask('the dead letters', readDeadLetters),
    runs: ask("the functions' runs", async (open) =>
      readFunctionRuns(open, local?.startedAt ?? (await deployed).deployedAt),
    ),
    lastNight: config.reconcile ? ask('the last night', readLastNight) : null,
    receivedHours: ask('the received hours', () => judgedHours(deployment, nightDays(now))),
  };
  const {
    requests,
    delivered,
    rows,
    content,
    landed,
    damaged,
    datasets: asRead,
    unread,
    curated,
    unreadDays,
    stackState,
    runs,
    ...parts
  } = await answersOf(asked);
  // A queue that cannot be read hides no dataset.
  const datasets =
    asRead === null
      ? null
      : ((await ask('the queue of loads', (open) => withLostTasks(open, asRead, () => readDrops(open)))) ??
        asRead);
  const functionErrors = runs?.errors ?? null;
  // The queue of late objects tells whether their messages can still come.
  if (landed !== null && isLandingLate(landed.landing, now) && !queues.has('write'))
    await ask('the queue of the writer', (open) => readQueue(open, 'write'));
  const quarantine =
    rows?.quarantine ?? (await ask('quarantine', async (open) => countQuarantineFiles(open)));
  const buffered = local?.buffered ?? { count: null, oldest: parts.stream?.oldest ?? null };
  const facts = {
    stack: `${stack.service}-${stack.stage}`,
    isLocal,
    at: isoTimestamp(now),
    collector: local?.collector ?? null,
    ...requests,
    ...parts,
    stackState: stackState?.stackState ?? null,
    deployedAt: local?.startedAt ?? stackState?.deployedAt ?? null,
    undeployed: stackState?.undeployed ?? null,
    stackFaults: stackState?.stackFaults?.concat(queueFaults(deployment, await deployed, queues)) ?? null,
    functionErrors,
    idleFunctions: runs?.idle ?? null,
    datasets:
      datasets?.map((dataset, i): DatasetDays => ({ ...dataset, unread: [], ...unread?.[i] })) ?? null,
    curated: curated?.map((state, i): CurationState => ({ ...state, unread: unreadDays?.[i] ?? [] })) ?? null,
    lastEventAt: lastEventAt(rows?.tables ?? [], delivered),
    tables: rows?.tables ?? null,
    contentChanges: content?.flatMap((ofTable) => ofTable?.changes ?? []) ?? null,
    earlierEvents: content?.flatMap((ofTable) => ofTable?.earlier ?? []) ?? null,
    waiting: {
      buffered,
      landing: landed?.landing ?? null,
      undeleted: landed?.undeleted ?? null,
      damaged,
    },
    quarantine,
    faults: local?.faults ?? 0,
    scannedBytes: sum([rows, ...(content ?? [])].map((read) => read?.scannedBytes ?? 0)),
  };
  const canRedrive = quarantine?.some(({ reason }) => isCuredByRedrive(reason)) === true;
  const redrivenAt = canRedrive
    ? await ask('what was redriven', () =>
        lastRedrive(s3ObjectStore(deployment.s3, config.bucket), deployment.now),
      )
    : null;
  const formerKeys = await ask('the earlier lists of keys', (open) => readFormerKeys(open, facts));
  const { deadLetters } = parts;
  const failures = await readFailures(deployment, { ...facts, isKeyOff: isOff(parts.key) }, askLog);
  const keyLogs = failedByKey(config, { failures, deadLetters });
  const keyFailedSince =
    keyLogs.length === 0
      ? null
      : await ask('the failures of the key', () =>
          readFirstKeyFailure(deployment, keyLogs, Math.max(delivered ?? 0, now - KEY_FAILED_MS)),
        );
  // Denials are told of the deployed configuration alone: what an undeployed one needs the roles do not have.
  const deniedCalls =
    stackState?.undeployed === null
      ? await ask('denied calls', async () =>
          readDeniedCalls(deployment, { stack: await deployed, failures, functionErrors }),
        )
      : null;
  const changeOf = (...wanted: readonly Change['what'][]) =>
    parts.lastDay?.changes.find(({ what }) => wanted.includes(what));
  const senderOf = (change: Change | undefined) =>
    askLog('collect', () => readMainSender(deployment, change));
  const spikeFrom = await senderOf(changeOf('requests', 'events'));
  const ignoredFrom = await senderOf(changeOf('ignored'));
  const overflowAt = changeOf('overflowed')?.last ?? null;
  const overflowError =
    overflowAt === null ? null : await askLog('collect', () => readOverflowError(deployment, overflowAt));
  const isRelayLate = parts.relay !== null && areCopiesLate(parts.relay, now);
  const relayAnswer = isRelayLate ? await askLog('relay', readRelayAnswer) : null;
  const { unkept } = parts;
  const unkeptError =
    unkept === null ? null : await askLog('collect', () => readUnkeptError(deployment, unkept));
  const restorable = await ask('the versions of lost files', () => restorableDays(deployment, facts));
  const undelivered = await ask('what the stream delivered', () =>
    undeliveredHours(deployment, facts.receivedHours ?? [], async () =>
      requireOutput(await outputs, 'LandingStreamName'),
    ),
  );
  const archivedDays = await ask('archived files', () => readArchivedDays(deployment, facts));
  const hasLimits =
    !isLocal && hasGateway(config.endpoint) && (facts.contentChanges ?? []).some(isOfBrowsers);
  const allowedOrigins = hasLimits
    ? await ask('the origins of the gateway', async (open) => readAllowedOrigins(open, await outputs))
    : null;
  const exportRole = (await outputs.catch(() => undefined))?.get('ExportRoleArn');
  const encryptionDemands = await ask('policies of targets', () =>
    readEncryptionDemands(deployment, parts.exports ?? [], exportRole),
  );
  const damagedEntries = await ask('damaged entries', () => readDamagedEntries(deployment, damagedKeys));
  // All have answered: the list of unknown parts is complete.
  return {
    ...facts,
    redrivenAt,
    formerKeys,
    failures,
    keyFailedSince,
    deniedCalls,
    spikeFrom,
    ignoredFrom,
    overflowError,
    relayAnswer,
    unkeptError,
    undeliveredHours: undelivered,
    restorable,
    archivedDays,
    allowedOrigins,
    encryptionDemands,
    damagedEntries,
    unknown,
  };

  /** The days of datasets. */
  async function readDrops(open: Deployment): Promise<readonly DatasetDays[]> {
    return (await readDatasets(open, configuredDatasets(config))).map(dropDays);
  }

  /** How the content of a table differs, by itself: a table that cannot be read hides no other. */
  function readContent(table: ForwardedKind): Promise<ContentChanges | null> {
    return ask(contentPart(table), async (open) =>
      readContentChanges(await withDeployedColumns(open), table),
    );
  }

  /** A deployment by which the tables are asked for no column of a unit ID that the stack does not have. */
  async function withDeployedColumns(open: Deployment): Promise<Deployment> {
    const stated = (await outputs.catch(() => undefined))?.get(CONFIGURATION_OUTPUT);
    return { ...open, config: { ...config, unitIds: deployedUnitIds(config, stated) } };
  }

  /** What is read of a table besides its content, unless that could not be read, or is large. */
  async function beside<Answer>(
    ofContent: Promise<ContentChanges | null>,
    part: SharedPart,
    question: (open: Deployment) => Promise<Answer>,
  ): Promise<Answer | null> {
    const read = await ofContent;
    return read === null || read.scannedBytes > MOST_CONTENT_BYTES ? null : ask(part, question);
  }

  /** What is compared with the template, once the configuration that it is made of is the deployed one. */
  async function readStackState(): Promise<
    Pick<StatusFacts, 'undeployed' | 'stackFaults' | 'stackState' | 'deployedAt'>
  > {
    const found = await deployed;
    const { state, deployedAt } = found;
    const settings = undeployedOf(config, found.outputs);
    const alarms = (await askedAlarms)?.map(({ name }) => name) ?? null;
    return settings.length === 0
      ? {
          stackState: state,
          deployedAt,
          undeployed: null,
          stackFaults: await readStackFaults(deployment, { ...found, alarms }, ask),
        }
      : { stackState: state, deployedAt, undeployed: { settings, deployedAt }, stackFaults: null };
  }

  /** The last hour, and who sent what was refused. */
  async function readRequests(): Promise<
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
}

/** The answers of parts that were asked, by part. */
async function answersOf<Asked extends object>(
  asked: Asked,
): Promise<{ readonly [Part in keyof Asked]: Awaited<Asked[Part]> }> {
  const answers = Object.entries(asked).map(async ([part, answer]) => [part, await answer]);
  return Object.fromEntries(await Promise.all(answers));
}

/** Whether a key cannot be used; no of a bucket without one. */
function isOff(key: KeyFacts | null): boolean {
  return key !== null && key.KeyState !== 'Enabled';
}

/** What encrypts the bucket. @param outputs Undefined if they could not be read. */
function keyOf({ existing, encryption }: Deployment['config'], outputs: StackOutputs | undefined): BucketKey {
  if (existing.keyArn === null && encryption === 's3') return { kind: 's3' };
  const arn = existing.keyArn ?? outputs?.get('KeyArn');
  return arn === undefined ? { kind: 'unknown' } : { kind: 'kms', arn };
}

/** The customer's key of the bucket; null if there is none, or it is not in the local cloud. @throws What KMS's client throws. */
async function readKey(
  { aws, config, isLocal }: Pick<Deployment, 'aws' | 'config' | 'isLocal'>,
  outputs: StackOutputs,
): Promise<KeyFacts | null> {
  const KeyId = config.existing.keyArn ?? outputs.get('KeyArn');
  // The local cloud has only the keys of the template.
  if (KeyId === undefined || (isLocal && config.existing.keyArn !== null)) return null;
  const client = new KMSClient(aws);
  try {
    const { KeyMetadata } = (await ifThere(client.send(new DescribeKeyCommand({ KeyId })))) ?? {};
    if (KeyMetadata === undefined) return { Arn: KeyId, KeyState: NO_KEY };
    const { Arn = KeyId, KeyState, KeySpec, KeyUsage, KeyManager, MultiRegion, DeletionDate } = KeyMetadata;
    return { Arn, KeyState, KeySpec, KeyUsage, KeyManager, MultiRegion, DeletionDate };
  } finally {
    client.destroy();
  }
}

/** The newest of the rows that were received within 24 hours; without any, of the files. */
function lastEventAt(tables: readonly TableArrivals[], delivered: number | null): string | null {
  const rows = tables.flatMap(({ table, newestRowAt }) =>
    table === 'quarantine' ? [] : (newestRowAt ?? []),
  );
  return rows.sort().at(-1) ?? (delivered === null ? null : isoTimestamp(delivered));
}

/** What is known of the stack of the bucket. Without its resources nobody looks who may delete. @param id ARN of the stack. */
async function readBucketOwner(deployment: Deployment, id: string): Promise<BucketOwner> {
  const { partition, account } = parseArn(id);
  const names = await readStackResources(deployment).catch(() => new Map<string, string>());
  const deleters = bucketDeleters(deployment, { identity: { partition, account }, names });
  return { account, partition, deleters };
}
