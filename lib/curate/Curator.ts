import type { TaskQueue } from '../base/queue.ts';
import type { FaultPoint } from '../base/retry.ts';
import type { Clock } from '../base/time.ts';
import type { PartitionCatalog } from '../landing/catalog/PartitionCatalog.ts';
import type { LandingBucket } from '../ledger/LandingBucket.ts';
import type { Ledger } from '../ledger/Ledger.ts';
import type { EngineLimits } from '../parquet/DuckDbSession.ts';
import type { Config } from '../schema/config.ts';
import type { CuratedFiles, CurateMachine, CurateRequest } from './engine/CurateRequest.ts';
import type { ListedDaysStore } from './ListedDays.ts';
import type { RetentionConfig } from './lostFiles.ts';
import type { RawDays } from './RawDays.ts';

/**
 * The steps of a task, in order, each named after what is done by then. A function may be killed after any of them. The next
 * task of the day, or the next plan, then has the same result.
 */
export const curateFaultPoints = [
  /** The raw files are listed. If views read an outdated version of the day, it is out of their list. */
  'listed',
  /** The day is claimed. */
  'claimed',
  /** The slice's curated files are on the function's disk. */
  'curated',
  /** A note records that the version was begun. The sweep uses the note if the version is never read. */
  'begun',
  /** The slice's files are in the folder of the version; no query reads them. */
  'uploaded',
  /** The ledger has the slice's account. If it was the last slice, this task publishes the version. */
  'recorded',
  /** The folder has exactly the files of all slices, and every row is accounted for. */
  'checked',
  /** A note records that the version of the partition is about to be replaced. */
  'noted',
  /** The partition has the new version. */
  'moved',
  /** The ledger has the result. */
  'settled',
  /** The list of days that views read has the version. */
  'listed_day',
  /** The plan is asked to write the list into the views. */
  'asked',
] as const;

/** One of {@link curateFaultPoints}. */
export type CurateFaultPoint = (typeof curateFaultPoints)[number];

/** Settings that curating needs. */
type CurateConfig = Pick<Config, 'statsigFolder' | 'database' | 'tables' | 'curatedTables' | 'unitIds'> &
  RetentionConfig;

/** Ports and settings of tasks, independent of the day. */
export interface Curator {
  /** The settings of the deployment. */
  readonly config: CurateConfig;
  /** Name of the deployment's bucket. */
  readonly bucket: string;
  /** The raw files of days. */
  readonly raw: RawDays;
  /** The deployment's bucket, which has the curated files, too. */
  readonly landing: LandingBucket;
  /** The state of each curated day, and who works on it. */
  readonly ledger: Pick<Ledger, 'read' | 'change' | 'claim' | 'own' | 'renew'>;
  /** The partitions of the curated tables. */
  readonly catalog: PartitionCatalog;
  /** The lists of curated days that views read. */
  readonly listed: ListedDaysStore;
  /** The queue of tasks, for the next slice of a day. */
  readonly tasks: TaskQueue;
  /** The plan's queue, to publish views. */
  readonly requests: TaskQueue;
  /** Makes the curated files: lib/curate/engine/curateFiles.ts. */
  readonly curate: (request: CurateRequest) => Promise<CuratedFiles>;
  /** Memory and threads of DuckDB, and its folder for what it spills. */
  readonly limits: EngineLimits;
  /** The function's memory, threads and time. The disk is asked for each day. */
  readonly machine: Omit<CurateMachine, 'diskBytes'>;
  /** An existing, empty folder for this task. */
  readonly directory: string;
  /** Free bytes of that folder's disk. */
  readonly freeBytes: () => Promise<number>;
  /** The time of leases, versions and entries of the ledger. */
  readonly clock: Clock;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  /** Writes one line of the log. */
  readonly log: (fields: Record<string, unknown>) => void;
  /** Called after each step. Default: nothing is called. */
  readonly faultPoint?: FaultPoint<CurateFaultPoint>;
}
