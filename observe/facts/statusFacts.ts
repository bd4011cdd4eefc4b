import { DescribeKeyCommand, type KeyMetadata, KMSClient } from '@aws-sdk/client-kms';
import { bucketDeleters } from '../../infra/bucketNeeds.ts';
import { workingParts } from '../../infra/template/functionWork.ts';
import { unusedFunctions } from '../../infra/template/unusedFunctions.ts';
import { s3ObjectStore } from '../../lib/aws/s3ObjectStore.ts';
import { parseArn } from '../../lib/base/arn.ts';
import { sum } from '../../lib/base/sum.ts';
import { DAY_MS, isoTimestamp } from '../../lib/base/time.ts';
import type { NotedRule } from '../../lib/landing/catalog/archivingRules.ts';
import { isCuredByRedrive } from '../../lib/landing/quarantineReasons.ts';
import { NOT_LOOKED } from '../../lib/reconcile/judgeHour.ts';
import type { LastNight } from '../../lib/reconcile/lastNight.ts';
import type { ReceivedHour } from '../../lib/reconcile/receivedHours.ts';
import { nightDays } from '../../lib/reconcile/reconcileDays.ts';
import { type ForwardedKind, forwardedKinds } from '../../lib/schema/kinds.ts';
import type { Deployment } from '../deployment.ts';
import { ifThere, isOfKey, type UnreadKind, unreadKind, whyUnread } from '../explainAwsError.ts';
import {
  type BucketFault,
  type BucketKey,
  type BucketOwner,
  readBucketFaults,
  type SettingPart,
} from './bucketFaults.ts';
import { type CurationState, readCurationState, unreadCurated } from './days/curationState.ts';
import {
  type DamagedEntry,
  type DamagedFile,
  readDamagedEntries,
  readDamagedFiles,
} from './days/damagedFiles.ts';
import { configuredDatasets, readDatasets } from './days/datasets.ts';
import { type DatasetDays, dropDays } from './days/dropDays.ts';
import { type ExportDays, readExports } from './days/exportDays.ts';
import { type ArchivedDays, type RestorableDay, readArchivedDays, restorableDays } from './days/goneFiles.ts';
import { unreadDrops } from './days/unreadDays.ts';
import { readDeniedCalls } from './deniedCalls.ts';
import { type EncryptionDemand, readEncryptionDemands } from './encryptionDemands.ts';
import { type AlarmState, readAlarms } from './flow/alarms.ts';
import { type Change, type LastDay, lastDayOf, readDayCounts } from './flow/changes.ts';
import {
  type DeadLetters,
  type KeysFailure,
  type LastFailure,
  readDeadFailure,
  readDeadLetters,
  readFirstKeyFailure,
  readKeysFailure,
  readLastFailure,
} from './flow/failures.ts';
import { readLocalState } from './flow/localCloud.ts';
import {
  FAILED_REQUESTS,
  type LoggedAnswers,
  type NotedEvents,
  readAnswers,
  readNoted,
  readOverflowError,
  readSpikeSender,
  type SpikeSender,
} from './flow/loggedRequests.ts';
import {
  areCopiesLate,
  type RelayAnswer,
  type RelayState,
  readRelayAnswer,
  readRelayState,
  readUnkeptCopies,
  readUnkeptError,
  type UnkeptCopies,
} from './flow/relayCopies.ts';
import { type LastHour, readLastHour, readLastRequest } from './flow/requestCounts.ts';
import { type KeysState, readKeys } from './flow/senders.ts';
import {
  readStack,
  readStackResources,
  requireOutput,
  type StackOutputs,
  type StackState,
  undeployedOf,
} from './flow/stackOutputs.ts';
import { isStreamLate, readStream, type StreamState } from './flow/streamState.ts';
import { readUnreached, type UnreachedRequests } from './flow/unreachedRequests.ts';
import {
  countDamaged,
  countLanding,
  type DamagedObjects,
  isLandingLate,
  readWriterBacklog,
  type UndeletedObjects,
  type WaitingObjects,
  type WriterBacklog,
} from './flow/waitingObjects.ts';
import { type FunctionErrors, type IdleFunction, readFunctionRuns } from './functionErrors.ts';
import { type OpenErasures, readOpenErasures } from './openErasures.ts';
import { readStackFaults, type StackFault, type StackPart } from './stackFaults.ts';
import type { DeniedCalls } from './standingDenials.ts';
import { type ContentChange, type ContentChanges, readContentChanges } from './tables/contentChanges.ts';
import { type QuarantineCount, readLandedRows, type TableArrivals } from './tables/landedRows.ts';
import { lastDelivery } from './tables/lastDelivery.ts';
import { lastRedrive } from './tables/lastRedrive.ts';
import {
  type LostRawDay,
  type RecentPartitions,
  readLostDays,
  readNotedRules,
  readRecentPartitions,
} from './tables/partitionGaps.ts';
import { countQuarantineFiles } from './tables/quarantineFiles.ts';
import {
  judgedHours,
  readLastNight,
  type UndeliveredHour,
  undeliveredHours,
} from './tables/receivedHours.ts';

/** How far back the first failure of a key is looked for. */
const KEY_FAILED_MS = 14 * DAY_MS;
/** A message is tried for two and a half hours at most before it is a dead letter. */
const TRIES_MS = 10_800_000;

/** What KMS says of a key. */
export interface KeyFacts
  extends Pick<KeyMetadata, 'Arn' | 'KeySpec' | 'KeyUsage' | 'KeyManager' | 'MultiRegion' | 'DeletionDate'> {
  /** As KMS names it, or {@link NO_KEY}. */
  readonly KeyState?: string | undefined;
}

/** The state of a key that KMS does not have. */
export const NO_KEY = 'not there';

/** Requests in the stream's buffer. */
export interface BufferedRequests {
  /** Number of requests; null of a deployment, because Firehose does not tell. */
  readonly count: number | null;
  /** When the oldest was accepted, ISO 8601; null without any, or if it is not known. */
  readonly oldest: string | null;
}

/** What waits on its way to the tables. */
export interface WaitingRequests {
  /** Requests in the stream's buffer. */
  readonly buffered: BufferedRequests;
  /** Objects of `landing/`. Some wait at most times: the writer makes files of them within minutes. */
  readonly landing: WaitingObjects | null;
  /** Objects of `landing/` that are in tables, and that the bucket does not delete. */
  readonly undeleted: UndeletedObjects | null;
  /** Objects of `damaged/`: what of the landing could not be read. */
  readonly damaged: DamagedObjects | null;
}

/** A part of a deployment that could not be read. */
export interface UnreadPart {
  /** The part, in words: `the last event`. */
  readonly part: string;
  /** AWS's answer, or the damage of what functions stored, in words. */
  readonly why: string;
  /** The kind of that answer, which the cure follows. */
  readonly kind: UnreadKind;
  /** The function whose log it is (`landing`: the stream's delivery); null of any other part. */
  readonly log: string | null;
  /** Whether AWS refused the call because of a key of KMS. */
  readonly isByKey: boolean;
}

/** Parts, as {@link UnreadPart} names them, by which findings are judged whose code other parts have, too. */
export type SharedPart =
  | 'the keys'
  | 'the log of collect'
  | 'the partitions'
  | 'the partitions of drops'
  | 'the partitions of curated days'
  | 'the drops'
  | 'the curated days'
  | 'the stack'
  | ContentPart
  | SettingPart
  | StackPart;

/** The part of a look that compares the content of a table. */
type ContentPart = `the content of ${ForwardedKind}`;

/** The name of the part that compares the content of a table. */
export function contentPart(table: ForwardedKind): ContentPart {
  return `the content of ${table}`;
}

/** A configuration that is not deployed. */
export interface Undeployed {
  /** The settings that differ, in words that begin with the path of each; at least one. */
  readonly settings: readonly string[];
  /** When the stack was deployed last, ISO 8601; null if CloudFormation does not say it. Of the local cloud when it was started. */
  readonly deployedAt: string | null;
}

/** The state of every part of a deployment. Parts that could not be read are null, and `unknown` says why. */
export interface StatusFacts {
  /** Name of the stack. */
  readonly stack: string;
  /** Whether it is the local cloud. */
  readonly isLocal: boolean;
  /** When it was asked, by the time of the deployment, ISO 8601. */
  readonly at: string;
  /** Where SDKs post; null of a deployment. */
  readonly collector: string | null;
  /** Requests of the last hour. */
  readonly lastHour: LastHour | null;
  /** Requests of the last 24 hours, and what was not as usual. */
  readonly lastDay: LastDay | null;
  /** Who sent most of a spike within the last day; null without one. */
  readonly spikeFrom: SpikeSender | null;
  /** Who sent most of the events that the configured lists leave out, where these are more than usual; null without such. */
  readonly ignoredFrom: SpikeSender | null;
  /** When the last request was received, to the minute, ISO 8601; null without one within 15 days. */
  readonly lastRequestAt: string | null;
  /** Refused requests of 24 hours by sender; null without any, and if they could not be read. */
  readonly refusals: LoggedAnswers | null;
  /** Requests of 24 hours that were answered 503, by sender; null without any, and if they could not be read. */
  readonly unstored: LoggedAnswers | null;
  /** Hours in which the gateway or the Function URL answered many requests by itself. */
  readonly unreached: readonly UnreachedRequests[] | null;
  /** What the collector noted of events that it stored. */
  readonly noted: NotedEvents | null;
  /** The keys that may send. */
  readonly keys: KeysState | null;
  /** With what collectors fail to read the keys' secret; null if they can read it. */
  readonly keysFailure: KeysFailure | null;
  /** The name of the error with which the stream did not take a request last, of a day with many such; null of others, and if the log does not say it. */
  readonly overflowError: string | null;
  /** When the last stored event was received, if within 24 hours; else when its file was stored, ISO 8601; null if none ever came. */
  readonly lastEventAt: string | null;
  /** What arrived in each table. */
  readonly tables: readonly TableArrivals[] | null;
  /** How what came within 24 hours differs from the days before: names, groups, values, shares; of the tables that could be read. Null with `curate: false`. */
  readonly contentChanges: readonly ContentChange[] | null;
  /** What waits on its way to the tables. */
  readonly waiting: WaitingRequests;
  /** Messages that wait for the writer, and when they are gone at its rate; null without any. */
  readonly writer: WriterBacklog | null;
  /** Firehose's own metrics; null for the local cloud. */
  readonly stream: StreamState | null;
  /** How the days of tables compare with their partitions. */
  readonly partitions: RecentPartitions | null;
  /** Where the last deployment has come to; null if that could not be read. */
  readonly stackState: StackState | null;
  /** What the stack was deployed with, where the configuration has something else; null if it has not, or if that could not be read. */
  readonly undeployed: Undeployed | null;
  /** What is gone or was changed of tables, views, workgroups and readers; null also while the configuration is not deployed. */
  readonly stackFaults: readonly StackFault[] | null;
  /** Days of raw tables of which files are gone. */
  readonly lostDays: readonly LostRawDay[] | null;
  /** Files of the last days that somebody replaced by what is no Parquet. */
  readonly damagedFiles: readonly DamagedFile[] | null;
  /** Erasures that are not complete and do not get there by themselves, by why. */
  readonly erasures: readonly OpenErasures[] | null;
  /** Days with archived files. */
  readonly archivedDays: ArchivedDays | null;
  /** The rules of the bucket's lifecycle that archive objects, as the hourly look has noted them. */
  readonly archivingRules: readonly NotedRule[] | null;
  /** Whether the bucket tells functions of files, encrypts as the stack, keeps objects long enough and keeps versions: which of these settings differ. */
  readonly bucketFaults: readonly BucketFault[];
  /** The hours of the last days, as the nights have judged them. */
  readonly receivedHours: readonly ReceivedHour[] | null;
  /** Hours that lack events, and of which the stream has delivered nothing. */
  readonly undeliveredHours: readonly UndeliveredHour[] | null;
  /** Days whose finding has `restore` as its cure, with what S3 has versions of. */
  readonly restorable: readonly RestorableDay[] | null;
  /** The last night that judged the day before it; null also with `reconcile: false`. */
  readonly lastNight: LastNight | null;
  /** Rows of 24 hours by reason. */
  readonly quarantine: readonly QuarantineCount[] | null;
  /** When a redrive delivered rows of quarantine last, as {@link lastRedrive} says; null also if the quarantine of 24 hours has no row that one can deliver. */
  readonly redrivenAt: string | null;
  /** The datasets of customers, in the order of the configuration. */
  readonly datasets: readonly DatasetDays[] | null;
  /** The exports, in the order of the configuration. */
  readonly exports: readonly ExportDays[] | null;
  /** What the buckets of denied exports demand of objects, and the exports do not send. */
  readonly encryptionDemands: readonly EncryptionDemand[] | null;
  /** Objects of the ledger that have no valid entry, among those that were read. */
  readonly damagedEntries: readonly DamagedEntry[] | null;
  /** Curated tables; none without `curate: true`. */
  readonly curated: readonly CurationState[] | null;
  /** Copies that relay has not delivered; null also without `relay`. */
  readonly relay: RelayState | null;
  /** Copies that the collector could not keep within 24 hours; null without any, and without `relay`. */
  readonly unkept: UnkeptCopies | null;
  /** With what the last of these failed; null without any, and if the log does not say it. */
  readonly unkeptError: string | null;
  /** What the target of relay answered last, while copies wait for long; null of others, and if the log does not say it. */
  readonly relayAnswer: RelayAnswer | null;
  /** When the stack was deployed last, ISO 8601; null if CloudFormation does not say it. */
  readonly deployedAt: string | null;
  /** Dead-letter queues that are not empty. */
  readonly deadLetters: readonly DeadLetters[] | null;
  /** Functions with runs that were killed, took too long or threw within 24 hours, or that Lambda throttles. */
  readonly functionErrors: readonly FunctionErrors[] | null;
  /** Functions that do not run, although their queue or their schedule asks for it. */
  readonly idleFunctions: readonly IdleFunction[] | null;
  /**
   * What a function failed with last, by its name, if it had such runs, or if something waits for it and its log tells. `landing`: the
   * stream's delivery. By the name of a dead-letter queue: with what its messages failed.
   */
  readonly failures: Readonly<Record<string, LastFailure>>;
  /** The alarms that are deployed. */
  readonly alarms: readonly AlarmState[] | null;
  /** The key that encrypts the bucket; null if the stack does not say it. */
  readonly key: KeyFacts | null;
  /** When a call failed first because of that key, since the newest file of a table was stored, ISO 8601; null if no log tells of such a call. */
  readonly keyFailedSince: string | null;
  /** Calls of the stack's roles that AWS denies; null also while the configuration is not deployed. */
  readonly deniedCalls: readonly DeniedCalls[] | null;
  /** Faults that are set in the local cloud. */
  readonly faults: number;
  /** Parts that could not be read, and why. */
  readonly unknown: readonly UnreadPart[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}

/**
 * Reads the state of every part: about 70 calls, three of them queries in Athena. A part that AWS denies is left out by name;
 * the others are answered.
 *
 * @throws ObserveError if the local cloud does not answer; what AWS clients throw when AWS cannot be reached.
 */
export async function readStatusFacts(given: Deployment): Promise<StatusFacts> {
  const damagedKeys = new Set<string>();
  // One damaged entry hides its own day alone.
  const deployment = { ...given, onDamaged: (key: string) => void damagedKeys.add(key) };
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
  // The parts that need these report their failure.
  for (const part of [outputs, day]) part.catch(() => undefined);
  // All are asked at once. They fail only when nobody waits any longer.
  const asked = {
    requests: readRequests(),
    lastDay: ask('the last day', async () => lastDayOf(await day)),
    unreached: ask('the endpoint', async () => readUnreached(deployment, await outputs, await day)),
    noted: ask('noted events', readNoted),
    keys: ask('the keys' satisfies SharedPart, readKeys),
    keysFailure: askLog('collect', readKeysFailure),
    delivered: ask('the last event', lastDelivery),
    rows: ask('the tables', readLandedRows),
    content: config.curate ? Promise.all(forwardedKinds.map(readContent)) : null,
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
    alarms: ask('the alarms', readAlarms),
    datasets: ask('the drops' satisfies SharedPart, async () =>
      (await readDatasets(deployment, configuredDatasets(config))).map(dropDays),
    ),
    unread: ask('the partitions of drops' satisfies SharedPart, () =>
      unreadDrops(deployment, configuredDatasets(config)),
    ),
    exports: ask('the exports', async () => (await readExports(deployment, config.exports)).map(dropDays)),
    curated: curation,
    unreadDays: ask('the partitions of curated days' satisfies SharedPart, unreadCurated),
    relay: ask('relay', readRelayState),
    unkept: ask('copies for relay', readUnkeptCopies),
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
    datasets,
    unread,
    curated,
    unreadDays,
    stackState,
    runs,
    ...parts
  } = await answersOf(asked);
  const functionErrors = runs?.errors ?? null;
  const quarantine =
    rows?.quarantine ?? (await ask('quarantine', async (open) => countQuarantineFiles(open)));
  const buffered = local?.buffered ?? { count: null, oldest: parts.stream?.oldest ?? null };
  // The list of unknown parts is complete once all have answered.
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
    stackFaults: stackState?.stackFaults ?? null,
    functionErrors,
    idleFunctions: runs?.idle ?? null,
    datasets: datasets?.map((dataset, i): DatasetDays => ({ ...dataset, unread: unread?.[i] ?? [] })) ?? null,
    curated: curated?.map((state, i): CurationState => ({ ...state, unread: unreadDays?.[i] ?? [] })) ?? null,
    lastEventAt: lastEventAt(rows?.tables ?? [], delivered),
    tables: rows?.tables ?? null,
    contentChanges: content?.flatMap((ofTable) => ofTable?.changes ?? []) ?? null,
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
  const failures = await readFailures();
  const keyFailedSince = await readKeyFailedSince();
  const deniedCalls = stackState?.undeployed === null ? await readDenied() : null;
  const changeOf = (...wanted: readonly Change['what'][]) =>
    parts.lastDay?.changes.find(({ what }) => wanted.includes(what));
  const senderOf = (change: Change | undefined) =>
    askLog('collect', () => readSpikeSender(deployment, change));
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
  const exportRole = (await outputs.catch(() => undefined))?.get('ExportRoleArn');
  const encryptionDemands = await ask('policies of targets', () =>
    readEncryptionDemands(deployment, parts.exports ?? [], exportRole),
  );
  const damagedEntries = await ask('damaged entries', () => readDamagedEntries(deployment, damagedKeys));
  return {
    ...facts,
    redrivenAt,
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
    encryptionDemands,
    damagedEntries,
    unknown,
  };

  /** How the content of a table differs, by itself: a table that cannot be read hides no other. */
  function readContent(table: ForwardedKind): Promise<ContentChanges | null> {
    return ask(contentPart(table), (open) => readContentChanges(open, table));
  }

  /** Why something waits: what each function failed with, from some tries before it began to wait. */
  async function readFailures(): Promise<StatusFacts['failures']> {
    const { deadLetters, partitions, receivedHours, unreached } = parts;
    const errors = (functionErrors ?? []).flatMap(({ part, last, isOver, errors }) =>
      isOver && errors === 0 ? [] : [[part, last] as const],
    );
    const waiting = new Map<string, string | null>(errors);
    const oldest = landed !== null && isLandingLate(landed.landing, now) ? landed.landing.oldest : null;
    if (oldest !== null) waiting.set('write', oldest);
    if (partitions !== null && partitions.gaps.length > 0) waiting.set('register', null);
    if (receivedHours?.some(({ why }) => why === NOT_LOOKED)) waiting.set('reconcile', null);
    if (isStreamLate(buffered.oldest, deployment)) waiting.set('landing', buffered.oldest);
    const isKeyOff = parts.key !== null && parts.key.KeyState !== 'Enabled';
    if (isKeyOff || unreached?.some(({ kind }) => kind === '5xx')) waiting.set('collect', null);
    const found: Record<string, LastFailure> = {};
    // The logs are read one after the other: an account may call FilterLogEvents few times a second.
    for (const [part, since] of waiting) {
      // No earlier failure was about an object that waits.
      const from =
        part === 'write' && oldest !== null
          ? Date.parse(oldest)
          : Math.min(now - DAY_MS, Date.parse(since ?? isoTimestamp(now)) - TRIES_MS);
      const why = await askLog(part, () => readLastFailure(deployment, part, from));
      if (why !== null) found[part] = why;
    }
    for (const letters of deadLetters ?? []) {
      const why = await askLog(letters.part, () => readDeadFailure(deployment, letters));
      if (why !== null) found[letters.queue] = why;
    }
    return found;
  }

  /** As {@link StatusFacts.deniedCalls}. */
  function readDenied(): Promise<StatusFacts['deniedCalls']> {
    return ask('denied calls', async () =>
      readDeniedCalls(deployment, { stack: await deployed, failures, functionErrors }),
    );
  }

  /** As {@link StatusFacts.keyFailedSince}, of the logs whose last failure is of the key. */
  async function readKeyFailedSince(): Promise<string | null> {
    const logs = Object.entries(failures).flatMap(([name, { isByKey }]) => {
      const { part = name } = parts.deadLetters?.find(({ queue }) => queue === name) ?? {};
      return isByKey ? [part] : [];
    });
    if (logs.length === 0) return null;
    // The one that failed first may have nothing more to do, and so no failure of the last day.
    const used = ['collect', ...workingParts].filter((part) => !unusedFunctions(config).includes(part));
    const all = new Set([...logs, 'landing', ...used]);
    const since = Math.max(delivered ?? 0, now - KEY_FAILED_MS);
    return ask('the failures of the key', () => readFirstKeyFailure(deployment, [...all], since));
  }

  /** What is compared with the template, once the configuration that it is made of is the deployed one. */
  async function readStackState(): Promise<
    Pick<StatusFacts, 'undeployed' | 'stackFaults' | 'stackState' | 'deployedAt'>
  > {
    const found = await deployed;
    const { state: stackState, deployedAt } = found;
    const settings = undeployedOf(config, found.outputs);
    return settings.length === 0
      ? {
          stackState,
          deployedAt,
          undeployed: null,
          stackFaults: await readStackFaults(deployment, found, ask),
        }
      : { stackState, deployedAt, undeployed: { settings, deployedAt }, stackFaults: null };
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
