import type { UtcDay } from '../../base/time.ts';
import type { Page } from './catalogCalls.ts';

/**
 * Location and format of rows, in Glue's own structure. It is copied from the table to the partition as a whole,
 * including members that are not listed here.
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

/** The part of a table that the registrar needs. */
export interface CatalogTable {
  readonly name: string;
  readonly storage: StorageDescriptor;
  /** When it was made, epoch milliseconds. Glue says so of every table. */
  readonly madeAt?: number | undefined;
  /** Names of the partition keys, in their order. */
  readonly partitionKeys: readonly string[];
}

/** An existing or new partition. Its values are in the order of the table's partition keys. */
export interface CatalogPartition {
  readonly values: readonly string[];
  readonly storage: StorageDescriptor;
}

/** An item that failed in a batch. */
export interface ItemFailure {
  readonly values: readonly string[];
  /** AWS's name for it, e.g. `AlreadyExistsException`. */
  readonly code: string;
  readonly message: string;
}

/** Most items of one batch call. https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html */
export const PARTITION_BATCH = 100;

/**
 * The catalog for the registrar. Each method makes one call and does not retry. It rejects with a CatalogCallError when
 * the whole call failed.
 */
export interface PartitionCatalog {
  getTable(database: string, table: string): Promise<CatalogTable>;
  /**
   * One page of the table's partitions: at most 1,000, or fewer if there are many columns.
   *
   * @param days Only the partitions of these days, at most {@link PARTITION_BATCH}. Default all.
   */
  listPage(
    database: string,
    table: string,
    token: string | undefined,
    days?: readonly UtcDay[],
  ): Promise<Page<CatalogPartition>>;
  /** Creates at most {@link PARTITION_BATCH} partitions; returns those that failed. */
  batchCreate(
    database: string,
    table: string,
    partitions: readonly CatalogPartition[],
  ): Promise<readonly ItemFailure[]>;
  /** Updates existing partitions; otherwise like {@link batchCreate}. */
  batchUpdate(
    database: string,
    table: string,
    partitions: readonly CatalogPartition[],
  ): Promise<readonly ItemFailure[]>;
}
