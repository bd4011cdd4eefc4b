import type { UtcDay } from '../../lib/base/time.ts';
import type { LedgerState } from '../../lib/drops/ledger/LedgerEntry.ts';
import type { Drain, StreamHolds } from '../../lib/landing/hold/StreamHolds.ts';
import type { CurationState } from '../curate/curationState.ts';
import type { RelayState } from '../relay/relayCopies.ts';
import type { AlarmState } from './alarms.ts';
import type { QuarantineCount, TableArrivals } from './landedRows.ts';
import type { RecentPartitions } from './partitionGaps.ts';
import type { RateCounts } from './rates.ts';
import type { DroppedRecords, StreamState } from './streamState.ts';
import type { WaitingObjects } from './waitingObjects.ts';

/** What waits in the streams' buffers. */
export interface Buffered {
  /** Rows; null of a deployment, because Firehose does not tell. */
  readonly count: number | null;
  /** When the oldest was accepted, ISO 8601; null without rows, or if it is not known. */
  readonly oldest: string | null;
}

/** A table, and what is on the way to it. */
export interface TableStatus extends TableArrivals {
  readonly buffered: Buffered;
}

/** A day in the ledger. */
export interface LedgerDayStatus {
  readonly day: UtcDay;
  /** Null if the ledger has no entry. */
  readonly state: LedgerState | null;
  /** Code of its failure; null if it did not fail. */
  readonly code: string | null;
}

/** A dataset of a customer, and its last days. */
export interface DatasetDays {
  readonly source: string;
  readonly dataset: string;
  readonly table: string;
  /** When its folder was last listed, ISO 8601; null if never. */
  readonly listedAt: string | null;
  /** Code of the failure to list it; null if it could be listed. */
  readonly listFailure: string | null;
  /** Days whose drop is late. */
  readonly late: readonly UtcDay[];
  /** Oldest first. */
  readonly days: readonly LedgerDayStatus[];
}

/** An export, and its last days. */
export interface ExportDays {
  readonly export: string;
  readonly table: string;
  readonly days: readonly LedgerDayStatus[];
}

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
  readonly tables: readonly TableStatus[];
  readonly waiting: {
    readonly buffered: Buffered;
    readonly overflow: WaitingObjects | null;
    readonly errors: WaitingObjects | null;
    readonly parked: WaitingObjects | null;
  };
  /** Firehose's own metrics; null for the local cloud. */
  readonly streams: readonly StreamState[] | null;
  /** Streams that dropped records within 24 hours, because they had not delivered them for as long. */
  readonly dropped: readonly DroppedRecords[] | null;
  /** Streams that get no rows, because they may drop them. */
  readonly held: StreamHolds['held'] | null;
  /** While it is set, the collector takes no events. */
  readonly drain: Drain | null;
  readonly partitions: RecentPartitions | null;
  /** Rows of 24 hours by reason. */
  readonly quarantine: readonly QuarantineCount[] | null;
  readonly datasets: readonly DatasetDays[] | null;
  readonly exports: readonly ExportDays[] | null;
  /** Curated tables; none without `curate: true`. */
  readonly curated: readonly CurationState[] | null;
  /** What relay has not delivered; null also without `relay`. */
  readonly relay: RelayState | null;
  readonly alarms: readonly AlarmState[] | null;
  /** Parts that could not be read, and why. */
  readonly unknown: readonly { readonly part: string; readonly why: string }[];
  /** What limits the answer. */
  readonly notes: readonly string[];
  /** Bytes that Athena read. */
  readonly scannedBytes: number;
}
