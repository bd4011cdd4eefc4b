import type { Clock } from '../../base/time.ts';
import type { PartitionCatalog } from '../../landing/catalog/PartitionCatalog.ts';
import type { Config } from '../../schema/config.ts';
import type { Dataset, Source } from '../../schema/sources.ts';
import type { CustomerBucket } from '../CustomerBucket.ts';
import type { Engine, EngineLimits } from '../engine/Engine.ts';
import type { FaultPoint } from '../faultPoint.ts';
import type { Ledger } from '../ledger/Ledger.ts';

/**
 * The steps of a load between which a function may be killed, in their order, each named after what has been done by
 * then. Whatever the point, the next load of the day ends as this one would have.
 */
export const loadFaultPoints = [
  /** The day is claimed; nothing else has changed. */
  'claimed',
  /** Its folder is listed and told apart. */
  'listed',
  /** Its files are on the function's disk. */
  'fetched',
  /** Its rows are mapped, on the function's disk. */
  'mapped',
  /** Its refused rows are in the quarantine table's folder, under a name that the next load overwrites. */
  'quarantined',
  /** A note says that the new version was begun: if it is never read, the sweep finds it by that. */
  'begun',
  /** The version's files are in the bucket; no query reads them. */
  'uploaded',
  /** The claim is renewed: nobody else works on the day. */
  'renewed',
  /** A note says that the version which queries read is about to be replaced. */
  'noted',
  /** Queries read the new version; the ledger doesn't know yet. */
  'moved',
  /** The ledger knows. */
  'settled',
] as const;

/** One of {@link loadFaultPoints}. */
export type LoadFaultPoint = (typeof loadFaultPoints)[number];

/** What loads work with, whichever day they load. */
export interface Loader {
  readonly config: Pick<Config, 'statsigFolder' | 'tables' | 'database' | 'sources' | 'unitIds'>;
  /** Name of the deployment's bucket. */
  readonly bucket: string;
  readonly landing: LandingBucket;
  readonly customerBucket: (source: Source, dataset: Dataset) => Pick<CustomerBucket, 'list' | 'read'>;
  readonly ledger: Ledger;
  readonly catalog: PartitionCatalog;
  readonly engine: Engine;
  readonly limits: EngineLimits;
  /** Existing and empty folder of this load's own. */
  readonly directory: string;
  /** Bytes that are free there. */
  readonly freeBytes: () => Promise<number>;
  readonly clock: Clock;
  /** Resolves after that many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
  /** A number from 0 to below 1. */
  readonly random: () => number;
  readonly log: (fields: Record<string, unknown>) => void;
  /** Makes ports that reach one dataset and nothing else, for its load. Default: the loader's own. */
  readonly scopedPorts?: (source: Source, dataset: Dataset) => Promise<ScopedPorts>;
  readonly faultPoint?: FaultPoint<LoadFaultPoint>;
}

/** Ports for the load of one dataset, with a session of the load's role that may do no more (docs/ingest.md). */
export interface ScopedPorts extends Pick<Loader, 'landing' | 'customerBucket' | 'ledger' | 'catalog'> {
  /** Closes their connections. */
  close(): void;
}

/** One invocation that loads. */
export interface LoadRun {
  /** Names it in the ledger: a message that is delivered twice has two. */
  readonly owner: string;
  /** Epoch milliseconds until which days are its own: longer than it can live. */
  readonly leaseUntil: number;
  /** Epoch milliseconds from which no call of the catalog begins. */
  readonly deadline: number;
  /** Aborted a while before the function would be killed. */
  readonly signal: AbortSignal;
  /** Nobody tries the task again after this: what would be handed back, fails. */
  readonly isLastAttempt: boolean;
  /** Tries that a day has, those included of which no end is known as the function was killed. */
  readonly tries: number;
}

/** The deployment's own bucket, as loads write to it. Methods throw what the store throws, after tries of their own. */
export interface LandingBucket {
  /** Puts a file of the local disk, in parts when it is large: there whole or not at all. */
  upload(path: string, key: string, signal: AbortSignal): Promise<void>;
  /** Puts an empty object: its key says all. */
  putNote(key: string): Promise<void>;
  /**
   * Keys under a prefix in their order, as many as one call answers.
   *
   * @param after Only keys that sort after this one. Default all.
   */
  list(prefix: string, after?: string): Promise<readonly string[]>;
  /** Deletes at most 1,000 objects; none of them need be there. */
  remove(keys: readonly string[]): Promise<void>;
}
