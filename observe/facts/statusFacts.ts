import type { KeyMetadata } from '@aws-sdk/client-kms';
import type { NotedRule } from '../../lib/landing/catalog/archivingRules.ts';
import type { LastNight } from '../../lib/reconcile/lastNight.ts';
import type { ReceivedHour } from '../../lib/reconcile/receivedHours.ts';
import type { ForwardedKind } from '../../lib/schema/kinds.ts';
import type { UnreadKind } from '../answerKinds.ts';
import type { AllowedOrigins } from './allowedOrigins.ts';
import type { BucketFault, SettingPart } from './bucketFaults.ts';
import type { CurationState } from './days/curationState.ts';
import type { DatasetDays } from './days/dropDays.ts';
import type { ExportDays } from './days/exportDays.ts';
import type { ArchivedDays } from './days/files/archivedDays.ts';
import type { DamagedEntry, DamagedFile } from './days/files/damagedFiles.ts';
import type { RestorableDay } from './days/files/restorableDays.ts';
import type { EncryptionDemand } from './encryptionDemands.ts';
import type { AlarmState } from './flow/alarms.ts';
import type { LastDay } from './flow/changes.ts';
import type { DeadLetters } from './flow/failures/deadLetters.ts';
import type { KeysFailure } from './flow/failures/keysFailure.ts';
import type { LastFailure } from './flow/failures/lastFailure.ts';
import type { LoggedAnswers } from './flow/logged/loggedAnswers.ts';
import type { MainSender } from './flow/logged/mainSender.ts';
import type { NotedEvents } from './flow/logged/notedEvents.ts';
import type { RelayAnswer } from './flow/relayAnswer.ts';
import type { RelayState, UnkeptCopies } from './flow/relayCopies.ts';
import type { LastHour } from './flow/requestCounts.ts';
import type { KeysState } from './flow/senders.ts';
import type { StackState } from './flow/stackOutputs.ts';
import type { StreamState } from './flow/streamState.ts';
import type { GatewayStatus, UnreachedRequests } from './flow/unreachedRequests.ts';
import type { DamagedObjects, UndeletedObjects, WaitingObjects } from './flow/waitingObjects.ts';
import type { WriterBacklog } from './flow/writerBacklog.ts';
import type { FormerKey } from './formerKeys.ts';
import type { FunctionErrors } from './functions/functionErrors.ts';
import type { IdleFunction } from './functions/idleFunctions.ts';
import type { LostCopies } from './lostCopies.ts';
import type { OpenErasureGroup } from './openErasures.ts';
import type { UndeliveredHour } from './receivedHours.ts';
import type { StackFault, StackPart } from './stackFaults.ts';
import type { DeniedCalls } from './standingDenials.ts';
import type { ContentChange, EarlierEvents } from './tables/contentChanges.ts';
import type { TableArrivals } from './tables/landedRows.ts';
import type { LostRawDay, RecentPartitions } from './tables/partitionGaps.ts';
import type { QuarantineCount } from './tables/quarantineSenders.ts';

/** What KMS says of a key. */
export interface KeyFacts
  extends Pick<KeyMetadata, 'Arn' | 'KeySpec' | 'KeyUsage' | 'KeyManager' | 'MultiRegion' | 'DeletionDate'> {
  /** As KMS names it, or {@link NO_KEY}. */
  readonly KeyState?: string | undefined;
}

/** The state of a key that KMS does not have. */
export const NO_KEY = 'not there';

/** Requests in the stream's buffer. */
interface BufferedRequests {
  /** Number of requests; null of a deployment, because Firehose does not tell. */
  readonly count: number | null;
  /** When the oldest was accepted, ISO 8601; null without any, or if it is not known. */
  readonly oldest: string | null;
}

/** What waits on its way to the tables. */
interface WaitingRequests {
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
  | 'the metadata of events'
  | SettingPart
  | StackPart;

/** The part of a look that compares the content of a table. */
type ContentPart = `the content of ${ForwardedKind}`;

/** The name of the part that counts the rows of all raw tables, with one query. */
export const RAW_TABLES_PART = 'the tables';

/** The name of the part that compares the metadata of events, with a query of its own. */
export const METADATA_PART = 'the metadata of events' satisfies SharedPart;

/** The name of the part that compares the content of a table. */
export function contentPart(table: ForwardedKind): ContentPart {
  return `the content of ${table}`;
}

/** A configuration that is not deployed. */
interface Undeployed {
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
  readonly spikeFrom: MainSender | null;
  /** Who sent most of the events that the configured lists leave out, where these are more than usual; null without such. */
  readonly ignoredFrom: MainSender | null;
  /** When the last request was received, to the minute, ISO 8601; null without one within 15 days. */
  readonly lastRequestAt: string | null;
  /** Refused requests of 24 hours by sender; null without any, and if they could not be read. */
  readonly refusals: LoggedAnswers | null;
  /** Requests of 24 hours that were answered 503, by sender; null without any, and if they could not be read. */
  readonly unstored: LoggedAnswers | null;
  /** Hours in which the gateway or the Function URL answered many requests by itself. */
  readonly unreached: readonly UnreachedRequests[] | null;
  /** With which status the gateway answered most of those 4xx; null if no access log says it. */
  readonly gatewayStatus: GatewayStatus | null;
  /** What the collector noted of events that it stored. */
  readonly noted: NotedEvents | null;
  /** The keys that may send. */
  readonly keys: KeysState | null;
  /** Keys that were refused as unknown and that earlier lists have; null if these could not be read. */
  readonly formerKeys: readonly FormerKey[] | null;
  /** With what collectors fail to read the keys' secret; null if they can read it. */
  readonly keysFailure: KeysFailure | null;
  /** The name of the error with which the stream last did not take a request, on a day with many such; null on others, and if the log does not say it. */
  readonly overflowError: string | null;
  /** When the last stored event was received, if within 24 hours; else when its file was stored, ISO 8601; null if none ever came. */
  readonly lastEventAt: string | null;
  /** What arrived in each table. */
  readonly tables: readonly TableArrivals[] | null;
  /** How what came within 24 hours differs from the days before: names, groups, values, shares; of the tables that could be read. Null with `curate: false`. */
  readonly contentChanges: readonly ContentChange[] | null;
  /** The origins to whose pages the gateway is limited, while an SDK of browsers sends less; null else, if it allows all, and of the local cloud. */
  readonly allowedOrigins: AllowedOrigins | null;
  /** Events that came within 24 hours from before `timeWindow`, by name and SDK, as far as the tables could be read. Null with `curate: false`. */
  readonly earlierEvents: readonly EarlierEvents[] | null;
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
  readonly erasures: readonly OpenErasureGroup[] | null;
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
  /** When a redrive delivered rows of quarantine last, today or yesterday by UTC, ISO 8601; null if none did, and also if the quarantine of 24 hours has no row that one can deliver. */
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
  /** Copies that went out of relay's queue within 24 hours and that nobody finished; null without any, and without `relay`. */
  readonly lostCopies: LostCopies | null;
  /** With what the last copy failed that the collector could not keep; null without any, and if the log does not say it. */
  readonly unkeptError: string | null;
  /** What the target of relay, or the bucket, answered last, while copies wait for long; null while none do, and if the log does not say it. */
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
