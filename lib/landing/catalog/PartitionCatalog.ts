import type { UtcDay } from '../../base/time.ts';
import type { Page } from './catalogCalls.ts';

/**
 * Where rows lie and how they are written, in Glue's own shape: it is copied from table to partition as a
 * whole, so members not listed here (and not looked at) go along.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
 */
export interface StorageDescriptor {
  Columns?:
    | { Name: string | undefined; Type?: string | undefined; Comment?: string | undefined }[]
    | undefined;
  Location?: string | undefined;
  InputFormat?: string | undefined;
  OutputFormat?: string | undefined;
  SerdeInfo?:
    | {
        Name?: string | undefined;
        SerializationLibrary?: string | undefined;
        Parameters?: Record<string, string> | undefined;
      }
    | undefined;
  Parameters?: Record<string, string> | undefined;
}

/** What the registrar needs to know of a table. */
export interface CatalogTable {
  readonly name: string;
  readonly storage: StorageDescriptor;
  /** Names of the partition keys, in their order. */
  readonly partitionKeys: readonly string[];
}

/** A partition that is there or shall be: its values in the order of the table's partition keys. */
export interface CatalogPartition {
  readonly values: readonly string[];
  readonly storage: StorageDescriptor;
}

/** An item of a batch that failed while the rest was done. */
export interface ItemFailure {
  readonly values: readonly string[];
  /** AWS's name for it, e.g. `AlreadyExistsException`. */
  readonly code: string;
  readonly message: string;
}

/** Most items of one batch call. https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html */
export const PARTITION_BATCH = 100;

/**
 * The catalog as the registrar uses it, one call each, without retries of its own.
 * Every method rejects with a {@link CatalogCallError} when the call as a whole failed.
 */
export interface PartitionCatalog {
  getTable(database: string, table: string): Promise<CatalogTable>;
  /**
   * Partitions of the table, at most 1,000 or fewer where columns are many, from where the page before ended.
   *
   * @param days At most {@link PARTITION_BATCH}: only theirs. Default all.
   */
  listPage(
    database: string,
    table: string,
    token: string | undefined,
    days?: readonly UtcDay[],
  ): Promise<Page<CatalogPartition>>;
  /** At most {@link PARTITION_BATCH} partitions; answers the ones that failed. */
  batchCreate(
    database: string,
    table: string,
    partitions: readonly CatalogPartition[],
  ): Promise<readonly ItemFailure[]>;
  /** Describes partitions that are there anew; otherwise as {@link batchCreate}. */
  batchUpdate(
    database: string,
    table: string,
    partitions: readonly CatalogPartition[],
  ): Promise<readonly ItemFailure[]>;
}
