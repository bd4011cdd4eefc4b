import type { UtcDay } from '../../lib/base/time.ts';
import type { LedgerState } from '../../lib/ledger/LedgerEntry.ts';
import type { Dataset } from '../../lib/schema/sources.ts';
import type { CurationState } from './days/curationState.ts';
import type { AlarmState } from './flow/alarms.ts';
import type { RateCounts } from './flow/rates.ts';
import type { Refusals } from './flow/refusals.ts';
import type { RelayState } from './flow/relayCopies.ts';
import type { StreamState } from './flow/streamState.ts';
import type { WaitingObjects } from './flow/waitingObjects.ts';
import type { QuarantineCount, TableArrivals } from './tables/landedRows.ts';
import type { RecentPartitions } from './tables/partitionGaps.ts';

/** Requests in the stream's buffer. */
export interface Buffered {
  /** Requests; null of a deployment, because Firehose does not tell. */
  readonly count: number | null;
  /** When the oldest was accepted, ISO 8601; null without any, or if it is not known. */
  readonly oldest: string | null;
}

/** A day in the ledger. */
export interface LedgerDayStatus {
  readonly day: UtcDay;
  /** Null if the ledger has no entry. */
  readonly state: LedgerState | null;
  /** Code of its failure; null if it did not fail. */
  readonly code: string | null;
  /** Objects that its last load left out although they may have been meant, in words; empty without any, and of an export. */
  readonly leftOut: string;
  /** Code why the customer's bucket did not take its receipt; null if it did, or there is none. */
  readonly receipt: string | null;
  /** The load by Athena that works on it; null without one. */
  readonly athena: {
    readonly step: string;
    /** ISO 8601. */
    readonly startedAt: string;
    readonly execution: string | null;
  } | null;
}

/** A dataset of a customer, and its last days. */
export interface DatasetDays {
  readonly source: string;
  readonly dataset: string;
  readonly table: string;
  /** `s3://…/` of its drops. */
  readonly folder: string;
  readonly schedule: Dataset['schedule'];
  readonly lookbackDays: number;
  /** When its folder was last listed, ISO 8601; null if never. */
  readonly listedAt: string | null;
  /** The failure to list it; null if it could be listed. */
  readonly listFailure: { readonly code: string; readonly message: string } | null;
  /** Whether no day of its lookback had files. */
  readonly isStopped: boolean;
  /** Days whose drop is late, and by when it was expected, ISO 8601. */
  readonly late: readonly { readonly day: UtcDay; readonly due: string }[];
  /** Oldest first. */
  readonly days: readonly LedgerDayStatus[];
}

/** An export, and its last days. */
export interface ExportDays {
  readonly export: string;
  readonly table: string;
  /** The customer's bucket. */
  readonly bucket: string;
  readonly days: readonly LedgerDayStatus[];
}

/** A part of a deployment that facts are read of. */
export type FactPart =
  | 'the local cloud'
  | 'the last hour'
  | 'refused requests'
  | 'the keys'
  | 'the last event'
  | 'the tables'
  | 'landing/'
  | 'damaged/'
  | 'the stream'
  | 'the partitions'
  | 'the alarms'
  | 'the drops'
  | 'the exports'
  | 'the curated days'
  | 'relay';

/** The state of every part of a deployment. Parts that could not be read are null, and `unknown` says why. */
export interface StatusFacts {
  readonly stack: string;
  readonly isLocal: boolean;
  /** When it was asked, by the time of the deployment, ISO 8601. */
  readonly at: string;
  /** Where SDKs post; null of a deployment. */
  readonly collector: string | null;
  readonly lastHour: RateCounts | null;
  /** ISO 8601; null without a request in the last hour. */
  readonly lastRequestAt: string | null;
  /** Refused requests of the last hour by sender; null without any, and if they could not be read. */
  readonly refusals: Refusals | null;
  /** Keys that may send events; null if any may, if it is not known, and of a local cloud that checks no keys. */
  readonly senders: number | null;
  /** When the last event came: received within 24 hours, else its file's delivery, ISO 8601; null if none ever came. */
  readonly lastEventAt: string | null;
  readonly tables: readonly TableArrivals[];
  readonly waiting: {
    readonly buffered: Buffered;
    /** Some wait at most times: the writer makes files of them within minutes. */
    readonly landing: WaitingObjects | null;
    /** Objects of it that could not be read to their end. */
    readonly damaged: WaitingObjects | null;
  };
  /** Firehose's own metrics; null for the local cloud. */
  readonly stream: StreamState | null;
  readonly partitions: RecentPartitions | null;
  /** Rows of 24 hours by reason. */
  readonly quarantine: readonly QuarantineCount[] | null;
  readonly datasets: readonly DatasetDays[] | null;
  readonly exports: readonly ExportDays[] | null;
  /** Curated tables; none without `curate: true`. */
  readonly curated: readonly CurationState[] | null;
  /** Copies that relay has not delivered; null also without `relay`. */
  readonly relay: RelayState | null;
  readonly alarms: readonly AlarmState[] | null;
  /** Parts that could not be read, and why. */
  readonly unknown: readonly { readonly part: FactPart; readonly why: string }[];
  /** Limits of the answer. */
  readonly notes: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}
