import type { TaskQueue } from '../../base/queue.ts';
import type { FaultPoint } from '../../base/retry.ts';
import type { Clock, UtcDay } from '../../base/time.ts';
import type { PartitionCatalog } from '../../landing/catalog/PartitionCatalog.ts';
import type { LandingBucket } from '../../ledger/LandingBucket.ts';
import type { Ledger } from '../../ledger/Ledger.ts';
import type { EngineLimits } from '../../parquet/DuckDbSession.ts';
import type { Config } from '../../schema/config.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import type { CustomerBucket } from '../CustomerBucket.ts';
import type { Engine } from '../engine/Engine.ts';

/**
 * The steps of a load, in order, each named after what is done by then. A function may be killed after any of them. The
 * next load of the day then has the same result.
 */
export const loadFaultPoints = [
  /** The day is claimed; nothing else has changed. */
  'claimed',
  /** Its folder is listed and classified. */
  'listed',
  /** Its files are on the function's disk. */
  'fetched',
  /** Its rows are mapped, on the function's disk. */
  'mapped',
  /** Its refused rows are in the quarantine table's folder, under a name that the next load overwrites. */
  'quarantined',
  /** A note records that the new version was started. The sweep uses the note if the version is never read. */
  'begun',
  /** The version's files are in the bucket; no query reads them. */
  'uploaded',
  /** The claim is renewed: nobody else works on the day. */
  'renewed',
  /** A note records that the version which queries read is about to be replaced. */
  'noted',
  /** Queries read the new version; the ledger does not have it yet. */
  'moved',
  /** The ledger has the result. */
  'settled',
] as const;

/** Further steps of a day in pieces. */
export const pieceFaultPoints = [
  /** Its plan and the files of each piece are in the bucket; the ledger does not have it. */
  'planned',
  /** The result of a piece is in the bucket; the ledger does not have it. */
  'stored',
  /** The ledger has the piece as done. */
  'recorded',
  /** Nobody has the day, and no task for the next piece is sent. */
  'handed_over',
] as const;

/** A step of a load. */
export type LoadFaultPoint = (typeof loadFaultPoints)[number] | (typeof pieceFaultPoints)[number];

/** The dataset's day that is loaded. */
export interface DropDay {
  /** The source of the configuration. */
  readonly source: Source;
  /** The dataset of that source. */
  readonly dataset: Dataset;
  /** The day of the folder. */
  readonly day: UtcDay;
}

/** The ports and settings of loads, independent of the day. */
export interface Loader {
  /** The settings that name tables and folders, and say what follows a load. */
  readonly config: Pick<
    Config,
    'statsigFolder' | 'tables' | 'database' | 'sources' | 'unitIds' | 'region' | 'curate' | 'curatedTables'
  > & { readonly retention: Pick<Config['retention'], 'dataVersionDays'> };
  /** Name of the deployment's bucket. */
  readonly bucket: string;
  /** The deployment's bucket. */
  readonly landing: LandingBucket;
  /** Opens the bucket that a dataset's files are in. */
  readonly customerBucket: (source: Source, dataset: Dataset) => Pick<CustomerBucket, 'list' | 'read'>;
  /** The state of each day, and who works on it. */
  readonly ledger: Ledger;
  /** The partitions of the tables. */
  readonly catalog: PartitionCatalog;
  /** Reads the files and maps their rows. */
  readonly engine: Pick<Engine, 'describe' | 'load'>;
  /** Absent if no source gets receipts. */
  readonly putReceipt?: PutReceipt | undefined;
  /** Memory and threads of DuckDB, and its folder for what it spills. */
  readonly limits: EngineLimits;
  /** An existing, empty folder for this load. */
  readonly directory: string;
  /** Free bytes of that folder's disk. */
  readonly freeBytes: () => Promise<number>;
  /** Bytes of the disk, as it is configured. Pieces of a day are cut by it. */
  readonly diskBytes: number;
  /** The queue of tasks, for the next piece of a day. */
  readonly tasks: TaskQueue;
  /** The time of leases, versions and entries of the ledger. */
  readonly clock: Clock;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
  /** Makes ports that are limited to one dataset, for its load. Default: the loader's own ports. */
  readonly scopedPorts?: (source: Source, dataset: Dataset) => Promise<ScopedPorts>;
  /** Called after each step. Default: nothing is called. */
  readonly faultPoint?: FaultPoint<LoadFaultPoint>;
}

/** Ports for the load of one dataset, with a session of the load's role that is limited to it (docs/ingest.md). */
export interface ScopedPorts
  extends Pick<Loader, 'landing' | 'customerBucket' | 'ledger' | 'catalog' | 'putReceipt'> {
  /** Closes their connections. */
  close(): void;
}

/**
 * Writes a receipt into the customer's bucket.
 *
 * @param place `folder`: that of the dataset's receipts, in which the key lies.
 * @throws ReceiptError
 */
export type PutReceipt = (
  place: { readonly source: Source; readonly dataset: Dataset; readonly folder: string },
  key: string,
  text: string,
) => Promise<void>;
