import { IcebergError } from './IcebergError.ts';
import type { IcebergSchema, PartitionSpec, Snapshot, TableMetadata } from './model.ts';
import { transformedType } from './transforms.ts';
import { assertType, fieldById, withFreshIds } from './types.ts';

/** The first partition field's ID is one more. */
export const LAST_PARTITION_ID = 999;

/**
 * A table without a snapshot. IDs of columns are given anew, as Java does: IDs in the schema need only be different at
 * the top, where `spec` names them; `spec-id`, `schema-id` and the partition fields' `field-id` are given, too. Throws
 * `INVALID_SCHEMA`.
 */
export function newTable(table: {
  readonly location: string;
  readonly schema: Omit<IcebergSchema, 'schema-id'>;
  readonly spec: { readonly fields: readonly { 'source-id': number; name: string; transform: string }[] };
  readonly properties: Readonly<Record<string, string>>;
  readonly now: number;
  readonly uuid: string;
}): TableMetadata {
  assertType(table.schema);
  let lastId = 0;
  const fresh = withFreshIds(table.schema, () => {
    lastId += 1;
    return lastId;
  });
  const freshId = (id: number) => {
    const at = table.schema.fields.findIndex((field) => field.id === id);
    const field = fresh.fields[at];
    if (!field)
      throw new IcebergError('INVALID_SCHEMA', `A partition field is of a column that isn't there.`);
    return field.id;
  };
  const names = new Set<string>();
  const fields = table.spec.fields.map((field, index) => {
    const source = fieldById(fresh, freshId(field['source-id']));
    const isColumn = fresh.fields.some(({ name }) => name === field.name);
    if (names.has(field.name) || (isColumn && field.transform !== 'identity')) {
      throw new IcebergError(
        'INVALID_SCHEMA',
        `The partition field ${field.name} has the name of another one.`,
      );
    }
    names.add(field.name);
    transformedType(field.transform, source?.type ?? 'string');
    return { ...field, 'source-id': freshId(field['source-id']), 'field-id': LAST_PARTITION_ID + 1 + index };
  });
  const identifiers = table.schema['identifier-field-ids'];
  return {
    'format-version': 2,
    'table-uuid': table.uuid,
    location: table.location.replace(/\/+$/, ''),
    'last-sequence-number': 0n,
    'last-updated-ms': table.now,
    'last-column-id': lastId,
    'current-schema-id': 0,
    schemas: [
      {
        type: 'struct',
        'schema-id': 0,
        fields: fresh.fields,
        ...(identifiers && { 'identifier-field-ids': identifiers.map(freshId) }),
      },
    ],
    'default-spec-id': 0,
    'partition-specs': [{ 'spec-id': 0, fields }],
    'last-partition-id': LAST_PARTITION_ID + fields.length,
    'default-sort-order-id': 0,
    'sort-orders': [{ 'order-id': 0, fields: [] }],
    properties: { ...table.properties },
    'current-snapshot-id': null,
    refs: {},
    snapshots: [],
    'snapshot-log': [],
    'metadata-log': [],
  };
}

/** The schema that a snapshot was written with, or the current one. Throws `BAD_METADATA` where it isn't there. */
export function schemaOf(metadata: TableMetadata, snapshot?: Snapshot): IcebergSchema {
  const id = snapshot?.['schema-id'] ?? metadata['current-schema-id'];
  const schema = metadata.schemas.find((candidate) => candidate['schema-id'] === id);
  if (!schema) throw new IcebergError('BAD_METADATA', `The table has no schema ${id}.`);
  return schema;
}

/** The partition spec of an ID, by default the default one. Throws `BAD_METADATA` where it isn't there. */
export function specOf(metadata: TableMetadata, specId = metadata['default-spec-id']): PartitionSpec {
  const spec = metadata['partition-specs'].find((candidate) => candidate['spec-id'] === specId);
  if (!spec) throw new IcebergError('BAD_METADATA', `The table has no partition spec ${specId}.`);
  return spec;
}

/** The current snapshot, or the one of an ID; undefined if it doesn't exist. */
export function snapshotOf(
  metadata: TableMetadata,
  snapshotId = metadata['current-snapshot-id'],
): Snapshot | undefined {
  return metadata.snapshots.find((snapshot) => snapshot['snapshot-id'] === snapshotId);
}

/** The snapshot that was current at a time, by the snapshot log. Undefined before the first, or when it has expired. */
export function snapshotAt(metadata: TableMetadata, timestampMs: number): Snapshot | undefined {
  const entry = metadata['snapshot-log'].findLast((logged) => logged['timestamp-ms'] <= timestampMs);
  return entry && snapshotOf(metadata, entry['snapshot-id']);
}

/** Where metadata, manifests and manifest lists are. */
export function metadataFolder(metadata: TableMetadata): string {
  const folder = metadata.properties['write.metadata.path'] ?? `${metadata.location}/metadata`;
  return folder.replace(/\/+$/, '');
}

/** Refuses to change tables of version 1. Properties with `format-version` make them version 2. */
export function assertWritable(metadata: TableMetadata): void {
  if (metadata['format-version'] === 2) return;
  throw new IcebergError(
    'UNSUPPORTED',
    "Tables of Iceberg's format version 1 are only read. The table property format-version = 2 makes it version 2.",
  );
}
