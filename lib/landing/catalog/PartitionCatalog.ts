import type { UtcDay } from '../../base/time.ts';
import type { Page } from './catalogCalls.ts';

/**
 * Location and format of rows, in Glue's own structure. It is copied from the table to the partition as a whole,
 * including members that are not listed here.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
 */
export interface StorageDescriptor {
  /** The columns without partition keys, in their order. */
  Columns?: StoredColumn[] | undefined;
  /** Where the files are: `s3://<bucket>/<prefix>/`. */
  Location?: string | undefined;
  /** Name of the Java class that reads files. */
  InputFormat?: string | undefined;
  /** Name of the Java class that writes files. */
  OutputFormat?: string | undefined;
  /** The Java class that makes rows of what is read, and its settings. */
  SerdeInfo?:
    | {
        /** A name that somebody has given it. */
        Name?: string | undefined;
        /** The name of the class. */
        SerializationLibrary?: string | undefined;
        /** Further settings by name. */
        Parameters?: Record<string, string> | undefined;
      }
    | undefined;
  /** Further properties by name, as how files are compressed. */
  Parameters?: Record<string, string> | undefined;
}

/** A column of stored rows. */
interface StoredColumn {
  /** The name; Glue says one of every column. */
  Name: string | undefined;
  /** The type, in Hive's words. */
  Type?: string | undefined;
  /** What somebody has written of it. */
  Comment?: string | undefined;
}

/** The part of a table that the registrar needs. */
export interface CatalogTable {
  /** The name of the table. */
  readonly name: string;
  /** The columns, the format and the folder of the table. */
  readonly storage: StorageDescriptor;
  /** When it was made, epoch milliseconds. Glue says so of every table. */
  readonly madeAt?: number | undefined;
  /** Names of the partition keys, in their order. */
  readonly partitionKeys: readonly string[];
}

/** An existing or new partition. Its values are in the order of the table's partition keys. */
export interface CatalogPartition {
  /** Values of the partition keys. */
  readonly values: readonly string[];
  /** The columns, the format and the location of its files. */
  readonly storage: StorageDescriptor;
}

/** An item that failed in a batch. */
export interface ItemFailure {
  /** Values of the partition that failed. */
  readonly values: readonly string[];
  /** AWS's name for it, e.g. `AlreadyExistsException`. */
  readonly code: string;
  /** AWS's message. */
  readonly message: string;
}

/** Most items of one batch call. https://docs.aws.amazon.com/glue/latest/webapi/API_BatchCreatePartition.html */
export const PARTITION_BATCH = 100;

/**
 * The catalog for the registrar. Each method makes one call and does not retry. It rejects with a CatalogCallError when
 * the whole call failed.
 */
export interface PartitionCatalog {
  /** Reads a table. */
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
