import { type AvroRecord, RecordFields, readAvro, writeAvro } from './avro.ts';
import { IcebergError } from './IcebergError.ts';
import { avroName, manifestListSchema, manifestSchema } from './manifestSchemas.ts';
import { schemaOf, specOf } from './metadata.ts';
import type {
  FileEntry,
  IcebergValue,
  PartitionSpec,
  PartitionValue,
  Snapshot,
  TableFiles,
  TableMetadata,
} from './model.ts';
import { transformedType } from './transforms.ts';
import { decimalBytes, fieldById, primitiveOf } from './types.ts';
import { boundBytes, compareValues, unscaledBytes, unscaledValue, uuidText } from './values.ts';

/** A line of a manifest list. Counts are null where an old writer left them out. */
export interface Manifest {
  readonly location: string;
  readonly length: bigint;
  readonly specId: number;
  readonly content: 'data' | 'deletes';
  readonly sequenceNumber: bigint;
  /** The lowest data sequence number of its live files. */
  readonly minSequenceNumber: bigint;
  readonly addedSnapshotId: bigint;
  readonly addedFiles: number | null;
  readonly existingFiles: number | null;
  readonly deletedFiles: number | null;
  readonly addedRows: bigint | null;
  readonly existingRows: bigint | null;
  readonly deletedRows: bigint | null;
  readonly partitions: readonly PartitionSummary[] | null;
  readonly keyMetadata: Uint8Array | null;
}
interface PartitionSummary {
  readonly containsNull: boolean;
  readonly containsNan: boolean | null;
  readonly lowerBound: Uint8Array | null;
  readonly upperBound: Uint8Array | null;
}

/** A file in a manifest. For a deleted one `file.snapshotId` is the snapshot that deleted it. */
export interface ManifestEntry {
  readonly status: 'existing' | 'added' | 'deleted';
  readonly file: FileEntry;
}

const STATUSES = ['existing', 'added', 'deleted'] as const;
const CONTENTS = ['data', 'position-deletes', 'equality-deletes'] as const;

/** The manifests of a snapshot. */
export async function readManifestList(files: TableFiles, snapshot: Snapshot): Promise<Manifest[]> {
  const location = snapshot['manifest-list'];
  const { schema, records } = readAvro(await files.read(location), location);
  const fields = new RecordFields(schema, location);
  const summary = fields.nested(507);
  return records.map((record) => ({
    location: fields.text(record, 500),
    length: fields.long(record, 501),
    specId: fields.int(record, 502),
    // Lists of version 1 don't have the following three.
    content: (fields.intOrNull(record, 517) ?? 0) === 0 ? 'data' : 'deletes',
    sequenceNumber: fields.longOrNull(record, 515) ?? 0n,
    minSequenceNumber: fields.longOrNull(record, 516) ?? 0n,
    addedSnapshotId: fields.longOrNull(record, 503) ?? snapshot['snapshot-id'],
    addedFiles: fields.intOrNull(record, 504),
    existingFiles: fields.intOrNull(record, 505),
    deletedFiles: fields.intOrNull(record, 506),
    addedRows: fields.longOrNull(record, 512),
    existingRows: fields.longOrNull(record, 513),
    deletedRows: fields.longOrNull(record, 514),
    partitions: fields.listOrNull(record, 507, (item) => {
      const partition = item as AvroRecord;
      return {
        containsNull: summary.boolean(partition, 509),
        containsNan: summary.booleanOrNull(partition, 518),
        lowerBound: summary.bytesOrNull(partition, 510),
        upperBound: summary.bytesOrNull(partition, 511),
      };
    }),
    keyMetadata: fields.bytesOrNull(record, 519),
  }));
}

/** Writes a version 2 manifest list. */
export async function writeManifestList(
  files: TableFiles,
  location: string,
  manifests: readonly Manifest[],
  snapshot: { readonly id: bigint; readonly parentId: bigint | undefined; readonly sequenceNumber: bigint },
): Promise<void> {
  const records = manifests.map((manifest) => ({
    manifest_path: manifest.location,
    manifest_length: manifest.length,
    partition_spec_id: manifest.specId,
    content: manifest.content === 'data' ? 0 : 1,
    sequence_number: manifest.sequenceNumber,
    min_sequence_number: manifest.minSequenceNumber,
    added_snapshot_id: manifest.addedSnapshotId,
    // Version 2 requires them. Null means «not zero», and no reader takes less than 1 for that.
    added_files_count: manifest.addedFiles ?? 1,
    existing_files_count: manifest.existingFiles ?? 1,
    deleted_files_count: manifest.deletedFiles ?? 1,
    added_rows_count: manifest.addedRows ?? 1n,
    existing_rows_count: manifest.existingRows ?? 1n,
    deleted_rows_count: manifest.deletedRows ?? 1n,
    partitions:
      manifest.partitions?.map((partition) => ({
        contains_null: partition.containsNull,
        contains_nan: partition.containsNan,
        lower_bound: bufferOf(partition.lowerBound),
        upper_bound: bufferOf(partition.upperBound),
      })) ?? null,
    key_metadata: bufferOf(manifest.keyMetadata),
  }));
  await files.write(
    location,
    writeAvro(manifestListSchema, records, {
      'snapshot-id': String(snapshot.id),
      'parent-snapshot-id': String(snapshot.parentId ?? null),
      'sequence-number': String(snapshot.sequenceNumber),
      'format-version': '2',
    }),
  );
}

/** The entries of a manifest, deleted ones as well, with what they inherit from the list. */
export async function readManifest(
  files: TableFiles,
  metadata: TableMetadata,
  manifest: Manifest,
): Promise<ManifestEntry[]> {
  const { location } = manifest;
  const { schema, records } = readAvro(await files.read(location), location);
  const fields = new RecordFields(schema, location);
  const dataFile = fields.nested(2);
  const partition = dataFile.nested(102);
  const partitionTypes = partitionTypesOf(metadata, specOf(metadata, manifest.specId));
  return records.map((record) => {
    const status = STATUSES[fields.int(record, 0)];
    if (!status) throw new IcebergError('BAD_METADATA', `${location} has an entry of an unknown status.`);
    const inherited = (id: number) => {
      const own = fields.longOrNull(record, id);
      if (own !== null) return own;
      // Manifests of version 1 have no sequence numbers: they are 0.
      if (status === 'added' || manifest.sequenceNumber === 0n) return manifest.sequenceNumber;
      throw new IcebergError('BAD_METADATA', `${location} has an old entry without a sequence number.`);
    };
    const file = fileOf(fields.record(record, 2), dataFile, manifest, (values) =>
      [...partitionTypes].map(([id, type]) => [id, partitionValue(type, partition.raw(values, id))]),
    );
    return {
      status,
      file: {
        ...file,
        sequenceNumber: inherited(3),
        fileSequenceNumber: inherited(4),
        snapshotId: fields.longOrNull(record, 1) ?? manifest.addedSnapshotId,
      },
    };
  });
}

/**
 * Writes a version 2 manifest of entries of one partition spec and content, and returns its line in the list. Added entries
 * leave out sequence numbers that they inherit from there.
 */
export async function writeManifest(
  files: TableFiles,
  metadata: TableMetadata,
  location: string,
  entries: readonly ManifestEntry[],
  snapshot: {
    readonly id: bigint;
    readonly sequenceNumber: bigint;
    readonly specId: number;
    readonly content: Manifest['content'];
  },
): Promise<Manifest> {
  const spec = specOf(metadata, snapshot.specId);
  const types = partitionTypesOf(metadata, spec);
  const schema = schemaOf(metadata);
  const avroSchema = manifestSchema(spec, (id) => types.get(id) ?? 'string');
  const records = entries.map(({ status, file }) => ({
    status: STATUSES.indexOf(status),
    snapshot_id: file.snapshotId,
    sequence_number:
      status === 'added' && file.sequenceNumber === snapshot.sequenceNumber ? null : file.sequenceNumber,
    file_sequence_number: status === 'added' ? null : file.fileSequenceNumber,
    data_file: fileRecord(file, spec, types),
  }));
  const content = writeAvro(avroSchema, records, {
    schema: JSON.stringify(schema),
    'schema-id': String(schema['schema-id']),
    'partition-spec': JSON.stringify(spec.fields),
    'partition-spec-id': String(spec['spec-id']),
    'format-version': '2',
    content: snapshot.content,
  });
  await files.write(location, content);
  const count = (wanted: ManifestEntry['status']) => entries.filter(({ status }) => status === wanted).length;
  const rows = (wanted: ManifestEntry['status']) =>
    entries.reduce((sum, { status, file }) => (status === wanted ? sum + file.recordCount : sum), 0n);
  const live = entries.filter(({ status }) => status !== 'deleted').map(({ file }) => file.sequenceNumber);
  return {
    location,
    length: BigInt(content.length),
    specId: snapshot.specId,
    content: snapshot.content,
    sequenceNumber: snapshot.sequenceNumber,
    minSequenceNumber: live.toSorted((left, right) => Number(left - right))[0] ?? snapshot.sequenceNumber,
    addedSnapshotId: snapshot.id,
    addedFiles: count('added'),
    existingFiles: count('existing'),
    deletedFiles: count('deleted'),
    addedRows: rows('added'),
    existingRows: rows('existing'),
    deletedRows: rows('deleted'),
    partitions: spec.fields.map((field) =>
      summaryOf(
        types.get(field['field-id']) ?? 'string',
        entries.map(({ file }) => file.partition.get(field['field-id']) ?? null),
      ),
    ),
    keyMetadata: null,
  };
}

/** Avro types of partition values in manifests, by the partition field's ID. A column may be in old schemas only. */
function partitionTypesOf(metadata: TableMetadata, spec: PartitionSpec): Map<number, string> {
  const schemas = [schemaOf(metadata), ...metadata.schemas.toReversed()];
  return new Map(
    spec.fields.map((field) => {
      const source = schemas
        .map((schema) => fieldById(schema, field['source-id']))
        .find((found) => found !== undefined);
      if (source) return [field['field-id'], transformedType(field.transform, source.type)];
      // The column was dropped and its schema with it: a void field has nothing but nulls.
      if (field.transform === 'void') return [field['field-id'], 'int'];
      throw new IcebergError(
        'BAD_METADATA',
        `The partition field ${field.name} is of a column that no schema has.`,
      );
    }),
  );
}

function fileOf(
  record: AvroRecord,
  fields: RecordFields,
  manifest: Manifest,
  partitionOf: (values: AvroRecord) => [number, PartitionValue][],
): Omit<FileEntry, 'sequenceNumber' | 'fileSequenceNumber' | 'snapshotId'> {
  const location = fields.text(record, 100);
  const content = CONTENTS[fields.intOrNull(record, 134) ?? 0];
  if (!content)
    throw new IcebergError('BAD_METADATA', `${manifest.location} has a file of an unknown content.`);
  const format = fields.text(record, 101).toUpperCase();
  if (format === 'PUFFIN') {
    throw new IcebergError('UNSUPPORTED', `${location} has deletion vectors (Puffin), of format version 3.`);
  }
  if (content === 'equality-deletes')
    throw new IcebergError(
      'UNSUPPORTED',
      `${location} deletes rows by equal values, as only streaming engines do.`,
    );
  const longs = (pair: AvroRecord, pairFields: RecordFields, id: number) => pairFields.long(pair, id);
  const bytes = (pair: AvroRecord, pairFields: RecordFields, id: number) =>
    pairFields.bytesOrNull(pair, id) ?? new Uint8Array();
  return {
    content,
    location,
    format,
    specId: manifest.specId,
    partition: new Map(partitionOf(fields.record(record, 102))),
    recordCount: fields.long(record, 103),
    sizeBytes: fields.long(record, 104),
    ...present({
      columnSizes: fields.mapOrNull(record, 108, [117, 118], longs),
      valueCounts: fields.mapOrNull(record, 109, [119, 120], longs),
      nullCounts: fields.mapOrNull(record, 110, [121, 122], longs),
      nanCounts: fields.mapOrNull(record, 137, [138, 139], longs),
      lowerBounds: fields.mapOrNull(record, 125, [126, 127], bytes),
      upperBounds: fields.mapOrNull(record, 128, [129, 130], bytes),
      keyMetadata: fields.bytesOrNull(record, 131),
      splitOffsets: fields.listOrNull(record, 132, (offset) => BigInt(String(offset))),
      equalityIds: fields.listOrNull(record, 135, Number),
      sortOrderId: fields.intOrNull(record, 140),
      referencedDataFile: fields.textOrNull(record, 143),
    }),
  };
}

function fileRecord(file: FileEntry, spec: PartitionSpec, types: ReadonlyMap<number, string>): AvroRecord {
  const pairs = <T, U>(map: ReadonlyMap<number, T> | undefined, write: (value: T) => U) =>
    map ? [...map].map(([key, value]) => ({ key, value: write(value) })) : null;
  const same = <T>(value: T) => value;
  return {
    content: CONTENTS.indexOf(file.content),
    file_path: file.location,
    file_format: file.format.toUpperCase(),
    partition: Object.fromEntries(
      spec.fields.map((field) => {
        const id = field['field-id'];
        return [avroName(field.name), avroValue(types.get(id) ?? 'string', file.partition.get(id) ?? null)];
      }),
    ),
    record_count: file.recordCount,
    file_size_in_bytes: file.sizeBytes,
    column_sizes: pairs(file.columnSizes, same),
    value_counts: pairs(file.valueCounts, same),
    null_value_counts: pairs(file.nullCounts, same),
    nan_value_counts: pairs(file.nanCounts, same),
    lower_bounds: pairs(file.lowerBounds, bufferOf),
    upper_bounds: pairs(file.upperBounds, bufferOf),
    key_metadata: bufferOf(file.keyMetadata ?? null),
    split_offsets: file.splitOffsets ?? null,
    equality_ids: file.equalityIds ?? null,
    sort_order_id: file.sortOrderId ?? null,
    referenced_data_file: file.referencedDataFile ?? null,
  };
}

function summaryOf(type: string, values: readonly PartitionValue[]): PartitionSummary {
  const isNan = (value: PartitionValue) => Number.isNaN(value);
  const bounded = values.filter((value): value is IcebergValue => value !== null && !isNan(value));
  const [first] = bounded;
  const pick = (sign: 1 | -1) =>
    first === undefined
      ? null
      : boundBytes(
          type,
          bounded.reduce((best, next) => (compareValues(next, best) * sign > 0 ? next : best), first),
        );
  return {
    containsNull: values.includes(null),
    containsNan: values.some(isNan),
    lowerBound: pick(-1),
    upperBound: pick(1),
  };
}

/** A partition value from what Avro holds. An int of a column that was widened since becomes a long. */
function partitionValue(type: string, raw: unknown): PartitionValue {
  if (raw === null) return null;
  const { name } = primitiveOf(type);
  if (raw instanceof Uint8Array) {
    if (name === 'decimal') return unscaledValue(raw);
    return name === 'uuid' ? uuidText(raw) : Uint8Array.from(raw);
  }
  if (['long', 'time', 'timestamp', 'timestamptz'].includes(name)) return BigInt(String(raw));
  // Some writers store the number of a day or a bucket as a long.
  if (typeof raw === 'bigint') return Number(raw);
  if (typeof raw === 'number' || typeof raw === 'string' || typeof raw === 'boolean') return raw;
  throw new IcebergError('BAD_METADATA', `A manifest has a partition value that isn't of the type ${type}.`);
}

function avroValue(type: string, value: PartitionValue): unknown {
  if (value === null) return null;
  const { name, precision } = primitiveOf(type);
  if (name === 'decimal' && typeof value === 'bigint') {
    return bufferOf(unscaledBytes(value, decimalBytes(precision)));
  }
  const bytes = boundBytes(type, value);
  return ['uuid', 'fixed', 'binary'].includes(name) ? bufferOf(bytes) : value;
}

/** avsc writes buffers and no other arrays of bytes. */
function bufferOf(bytes: Uint8Array): Buffer;
function bufferOf(bytes: Uint8Array | null): Buffer | null;
function bufferOf(bytes: Uint8Array | null): Buffer | null {
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], null> };

/** Removes the members of an object that are null. */
function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== null)) as Present<T>;
}
