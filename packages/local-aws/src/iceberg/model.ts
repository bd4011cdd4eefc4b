/**
 * Where a table's files are. Locations are `s3://bucket/key`, as the table's metadata names them. `read` throws an
 * IcebergError `FILE_MISSING` if the file doesn't exist.
 */
export interface TableFiles {
  read(location: string): Promise<Uint8Array>;
  write(location: string, content: Uint8Array): Promise<void>;
  /** Every file below a folder, at any depth. `folder` ends without a slash. */
  list(folder: string): AsyncIterable<{
    readonly location: string;
    readonly size: number;
    readonly modifiedMs: number;
  }>;
  remove(location: string): Promise<void>;
}

/**
 * A type of https://iceberg.apache.org/spec/#schemas-and-data-types in its JSON form. Primitive ones are texts: `boolean`,
 * `int`, `long`, `float`, `double`, `date`, `time`, `timestamp`, `timestamptz`, `string`, `uuid`, `binary`, `fixed[L]`,
 * `decimal(P,S)` (also with a space after the comma, as Java and Python write it).
 */
export type IcebergType = string | StructType | ListType | MapType;
export interface StructType {
  readonly type: 'struct';
  readonly fields: readonly IcebergField[];
}
export interface ListType {
  readonly type: 'list';
  readonly 'element-id': number;
  readonly element: IcebergType;
  readonly 'element-required': boolean;
}
export interface MapType {
  readonly type: 'map';
  readonly 'key-id': number;
  readonly key: IcebergType;
  readonly 'value-id': number;
  readonly value: IcebergType;
  readonly 'value-required': boolean;
}
export interface IcebergField {
  readonly id: number;
  readonly name: string;
  readonly required: boolean;
  readonly type: IcebergType;
  readonly doc?: string;
}
export interface IcebergSchema extends StructType {
  readonly 'schema-id': number;
  readonly 'identifier-field-ids'?: readonly number[];
}

/** `transform` is `identity`, `bucket[N]`, `truncate[W]`, `year`, `month`, `day`, `hour` or `void`. */
export interface PartitionField {
  readonly 'source-id': number;
  readonly 'field-id': number;
  readonly name: string;
  readonly transform: string;
}
export interface PartitionSpec {
  readonly 'spec-id': number;
  readonly fields: readonly PartitionField[];
}

export interface Snapshot {
  readonly 'snapshot-id': bigint;
  readonly 'parent-snapshot-id'?: bigint;
  readonly 'sequence-number': bigint;
  readonly 'timestamp-ms': number;
  readonly 'manifest-list': string;
  /** With `operation`. */
  readonly summary: Readonly<Record<string, string>>;
  readonly 'schema-id'?: number;
}
export interface SnapshotRef {
  readonly 'snapshot-id': bigint;
  readonly type: 'branch' | 'tag';
  readonly 'min-snapshots-to-keep'?: number;
  readonly 'max-snapshot-age-ms'?: number;
  readonly 'max-ref-age-ms'?: number;
}

/**
 * A table's metadata as in https://iceberg.apache.org/spec/#table-metadata-fields. Snapshot IDs and sequence numbers are
 * bigint (63 bits). Members that aren't here survive a rewrite.
 */
export interface TableMetadata {
  /** 1 is read and not written to; 3 is refused. */
  readonly 'format-version': 1 | 2;
  readonly 'table-uuid': string;
  readonly location: string;
  readonly 'last-sequence-number': bigint;
  readonly 'last-updated-ms': number;
  readonly 'last-column-id': number;
  readonly schemas: readonly IcebergSchema[];
  readonly 'current-schema-id': number;
  readonly 'partition-specs': readonly PartitionSpec[];
  readonly 'default-spec-id': number;
  readonly 'last-partition-id': number;
  readonly properties: Readonly<Record<string, string>>;
  /** Null: the table has no snapshot. */
  readonly 'current-snapshot-id': bigint | null;
  readonly snapshots: readonly Snapshot[];
  readonly 'snapshot-log': readonly { readonly 'timestamp-ms': number; readonly 'snapshot-id': bigint }[];
  readonly 'metadata-log': readonly { readonly 'timestamp-ms': number; readonly 'metadata-file': string }[];
  readonly 'sort-orders': readonly unknown[];
  readonly 'default-sort-order-id': number;
  readonly refs: Readonly<Record<string, SnapshotRef>>;
}

/**
 * A value in the form that partitions and bounds have:
 * boolean; `int`, `date` (days since 1970), `float`, `double` as number; `long`, `time`, `timestamp`, `timestamptz`
 * (microseconds) and `decimal` (unscaled) as bigint; `string` and `uuid` (with dashes) as text; `binary` and `fixed` as bytes.
 */
export type IcebergValue = boolean | number | bigint | string | Uint8Array;
/** A value of a partition field: what its transform gives. `year`, `month`, `day`, `hour` and `bucket` give numbers. */
export type PartitionValue = IcebergValue | null;

/** A data or delete file of a snapshot. */
export interface FileEntry {
  readonly content: 'data' | 'position-deletes' | 'equality-deletes';
  readonly location: string;
  /** `PARQUET`, `ORC`, `AVRO`: upper case. */
  readonly format: string;
  readonly specId: number;
  /** By the ID of the partition field. */
  readonly partition: ReadonlyMap<number, PartitionValue>;
  readonly recordCount: bigint;
  readonly sizeBytes: bigint;
  /** By the ID of the column, as are the four below. */
  readonly columnSizes?: ReadonlyMap<number, bigint>;
  readonly valueCounts?: ReadonlyMap<number, bigint>;
  readonly nullCounts?: ReadonlyMap<number, bigint>;
  readonly nanCounts?: ReadonlyMap<number, bigint>;
  /** In single-value serialization: `boundValue` reads it. */
  readonly lowerBounds?: ReadonlyMap<number, Uint8Array>;
  readonly upperBounds?: ReadonlyMap<number, Uint8Array>;
  readonly keyMetadata?: Uint8Array;
  readonly splitOffsets?: readonly bigint[];
  /** The columns of an equality-delete file. */
  readonly equalityIds?: readonly number[];
  readonly sortOrderId?: number;
  /** The only data file that a position-delete file is about, where it says so. */
  readonly referencedDataFile?: string;
  /** Sequence number of the data, for matching deletes: rewritten rows keep theirs. Inherited ones are resolved. */
  readonly sequenceNumber: bigint;
  /** Sequence number of the snapshot that added the file. */
  readonly fileSequenceNumber: bigint;
  /** The snapshot that added the file. */
  readonly snapshotId: bigint;
}

/** A file to add. With `sequenceNumber` its rows are as old as that: of rewritten data, so that later deletes still hold. */
export type NewFile = Omit<FileEntry, 'sequenceNumber' | 'fileSequenceNumber' | 'snapshotId'> & {
  readonly sequenceNumber?: bigint;
};

/** The changes that a new snapshot makes. */
export interface SnapshotChange {
  /** Iceberg's: `append` adds data files; `replace` changes files and no rows; `delete` only takes rows away; else `overwrite`. */
  readonly operation: 'append' | 'overwrite' | 'delete' | 'replace';
  readonly added: readonly NewFile[];
  /** Locations of data and delete files. */
  readonly removed?: readonly string[];
  /** Locations of delete files that apply to no data file: they are removed where another writer has not done so. */
  readonly unneeded?: readonly string[];
  /** Added to the snapshot's summary. */
  readonly summary?: Readonly<Record<string, string>>;
}
