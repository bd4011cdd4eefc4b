import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { IcebergError } from './IcebergError.ts';
import {
  assertWritable,
  LAST_PARTITION_ID,
  metadataFolder,
  schemaOf,
  snapshotOf,
  specOf,
} from './metadata.ts';
import type { IcebergField, IcebergType, TableFiles, TableMetadata } from './model.ts';
import { assertType, highestId } from './types.ts';

/** Java's `write.metadata.previous-versions-max`. */
const METADATA_FILES_KEPT = 100;

// JSON without loss: snapshot IDs have up to 63 bits. JSON.parse's source texts and JSON.rawJSON are in V8 since 11.4 and not
// yet in TypeScript's library: https://github.com/tc39/proposal-json-parse-with-source
type Reviver = (this: unknown, key: string, value: unknown, context: { readonly source?: string }) => unknown;
const json = JSON as unknown as {
  parse(text: string, reviver: Reviver): unknown;
  rawJSON(text: string): object;
};

const longSchema = z.union([z.bigint(), z.int()]).transform(BigInt);
const texts = z.record(z.string(), z.string());
/** Some writers write null where the specification wants nothing. */
const withoutNulls = <T extends z.ZodType>(schema: T) =>
  z.preprocess(
    (value) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null))
        : value,
    schema,
  );
const fieldSchema: z.ZodType<IcebergField> = z.lazy(() =>
  withoutNulls(
    z.looseObject({
      id: z.int(),
      name: z.string().min(1),
      required: z.boolean(),
      type: typeSchema,
      doc: z.string().exactOptional(),
    }),
  ),
);
const typeSchema: z.ZodType<IcebergType> = z.lazy(() =>
  z.union([
    z.string(),
    z.looseObject({ type: z.literal('struct'), fields: z.array(fieldSchema) }),
    z.looseObject({
      type: z.literal('list'),
      'element-id': z.int(),
      element: typeSchema,
      'element-required': z.boolean(),
    }),
    z.looseObject({
      type: z.literal('map'),
      'key-id': z.int(),
      key: typeSchema,
      'value-id': z.int(),
      value: typeSchema,
      'value-required': z.boolean(),
    }),
  ]),
);
const tableSchemaSchema = withoutNulls(
  z.looseObject({
    type: z.literal('struct'),
    'schema-id': z.int(),
    fields: z.array(fieldSchema),
    'identifier-field-ids': z.array(z.int()).exactOptional(),
  }),
);
const specSchema = z.looseObject({
  'spec-id': z.int(),
  fields: z.array(
    z.looseObject({ 'source-id': z.int(), 'field-id': z.int(), name: z.string(), transform: z.string() }),
  ),
});
const snapshotSchema = withoutNulls(
  z.looseObject({
    'snapshot-id': longSchema,
    'parent-snapshot-id': longSchema.exactOptional(),
    // Java leaves out the zero of snapshots that a table had in version 1.
    'sequence-number': longSchema.default(0n),
    'timestamp-ms': z.int(),
    'manifest-list': z.string({
      error: 'a snapshot without a manifest list, as version 1 allows, is not read',
    }),
    summary: texts.default({}),
    'schema-id': z.int().exactOptional(),
  }),
);
const refSchema = withoutNulls(
  z.looseObject({
    'snapshot-id': longSchema,
    type: z.enum(['branch', 'tag']),
    'min-snapshots-to-keep': z.int().exactOptional(),
    'max-snapshot-age-ms': z.int().exactOptional(),
    'max-ref-age-ms': z.int().exactOptional(),
  }),
);
const metadataSchema: z.ZodType<TableMetadata> = z.looseObject({
  'format-version': z.literal([1, 2]),
  'table-uuid': z.string(),
  location: z.string(),
  'last-sequence-number': longSchema,
  'last-updated-ms': z.int(),
  'last-column-id': z.int(),
  schemas: z.array(tableSchemaSchema).min(1),
  'current-schema-id': z.int(),
  'partition-specs': z.array(specSchema).min(1),
  'default-spec-id': z.int(),
  'last-partition-id': z.int(),
  properties: texts.default({}),
  // Java writes -1 for none.
  'current-snapshot-id': longSchema.nullish().transform((id) => (id === undefined || id === -1n ? null : id)),
  snapshots: z.array(snapshotSchema).default([]),
  'snapshot-log': z
    .array(z.looseObject({ 'timestamp-ms': z.int(), 'snapshot-id': longSchema }))
    .nullish()
    .transform((log) => log ?? []),
  'metadata-log': z
    .array(z.looseObject({ 'timestamp-ms': z.int(), 'metadata-file': z.string() }))
    .nullish()
    .transform((log) => log ?? []),
  'sort-orders': z.array(z.unknown()).default([{ 'order-id': 0, fields: [] }]),
  'default-sort-order-id': z.int().default(0),
  refs: z.record(z.string(), refSchema).default({}),
});

/**
 * Reads a table's metadata file, also a compressed one (`.gz.metadata.json`). Throws `BAD_METADATA` where it breaks the
 * specification, `UNSUPPORTED` for format version 3. In version 1 it reads the members that later versions have.
 */
export async function readMetadata(files: TableFiles, location: string): Promise<TableMetadata> {
  const content = await files.read(location);
  const isCompressed = content[0] === 0x1f && content[1] === 0x8b;
  let parsed: unknown;
  try {
    parsed = parseExactJson(Buffer.from(isCompressed ? gunzipSync(content) : content).toString('utf8'));
  } catch (error) {
    throw new IcebergError('BAD_METADATA', `${location} is not JSON.`, { cause: error });
  }
  const version = z.looseObject({ 'format-version': z.int() }).safeParse(parsed);
  if (!version.success) throw new IcebergError('BAD_METADATA', `${location} has no format version.`);
  const written = version.data;
  if (written['format-version'] > 2) {
    throw new IcebergError(
      'UNSUPPORTED',
      `${location} is of Iceberg's format version ${written['format-version']}: only 1 and 2 are read.`,
    );
  }
  const read = metadataSchema.safeParse(written['format-version'] === 1 ? asVersion2(written) : written);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new IcebergError('BAD_METADATA', `${location}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return withMain(checked(read.data, location));
}

/**
 * Writes metadata as `<location>/metadata/<NNNNN>-<uuid>.metadata.json` and returns where. The previous file, null of a new
 * table, gets into the metadata log, which keeps `write.metadata.previous-versions-max` files (100).
 */
export async function writeMetadata(
  files: TableFiles,
  metadata: TableMetadata,
  previousLocation: string | null,
): Promise<string> {
  assertWritable(metadata);
  const version = /\/(\d+)-[^/]*$/.exec(previousLocation ?? '')?.[1];
  const number = version === undefined ? 0 : Number(version) + 1;
  const location = `${metadataFolder(metadata)}/${String(number).padStart(5, '0')}-${randomUUID()}.metadata.json`;
  const content = writeExactJson({
    ...metadata,
    'metadata-log': await logWith(files, metadata, previousLocation),
    // Readers before Iceberg 1.4 want -1 for none.
    'current-snapshot-id': metadata['current-snapshot-id'] ?? -1n,
  });
  await files.write(location, Buffer.from(content, 'utf8'));
  return location;
}

/** The metadata log with one more file, which has the time when that file was written. */
async function logWith(
  files: TableFiles,
  metadata: TableMetadata,
  previousLocation: string | null,
): Promise<TableMetadata['metadata-log']> {
  const log = metadata['metadata-log'];
  if (previousLocation === null) return log;
  const previous = await readMetadata(files, previousLocation);
  const entry = { 'timestamp-ms': previous['last-updated-ms'], 'metadata-file': previousLocation };
  const kept = Number(metadata.properties['write.metadata.previous-versions-max'] ?? METADATA_FILES_KEPT);
  return [...log, entry].slice(-Math.max(1, kept));
}

/** A version 1 table, with what version 2 requires: https://iceberg.apache.org/spec/#version-2. */
function asVersion2(written: Readonly<Record<string, unknown>>): object {
  const schema = written['schema'];
  const fields = Array.isArray(written['partition-spec']) ? written['partition-spec'] : [];
  const spec = { 'spec-id': 0, fields: withPartitionIds(fields) };
  const specs = z
    .array(z.looseObject({ fields: z.array(z.unknown()) }))
    .safeParse(written['partition-specs']);
  return {
    'current-schema-id': 0,
    schemas: [typeof schema === 'object' ? { 'schema-id': 0, ...schema } : schema],
    'default-spec-id': 0,
    'last-partition-id': LAST_PARTITION_ID + fields.length,
    'last-sequence-number': 0,
    ...written,
    'partition-specs': specs.success
      ? specs.data.map((each) => ({ ...each, fields: withPartitionIds(each.fields) }))
      : [spec],
  };
}

/** Version 1 gave partition fields IDs by their place. */
function withPartitionIds(fields: readonly unknown[]): object[] {
  return fields.map((field, index) => ({
    'field-id': LAST_PARTITION_ID + 1 + index,
    ...(typeof field === 'object' ? field : {}),
  }));
}

function checked(metadata: TableMetadata, location: string): TableMetadata {
  for (const schema of metadata.schemas) assertType(schema);
  schemaOf(metadata);
  specOf(metadata);
  const id = metadata['current-snapshot-id'];
  if (id !== null && !snapshotOf(metadata)) {
    throw new IcebergError('BAD_METADATA', `${location} names a snapshot ${id} that it doesn't have.`);
  }
  if (highestId(schemaOf(metadata)) > metadata['last-column-id']) {
    throw new IcebergError('BAD_METADATA', `${location} has a column ID above last-column-id.`);
  }
  return metadata;
}

/** There is always a branch `main` at the current snapshot, also where `refs` doesn't say so. */
function withMain(metadata: TableMetadata): TableMetadata {
  const id = metadata['current-snapshot-id'];
  if (id === null || metadata.refs['main']) return metadata;
  return { ...metadata, refs: { ...metadata.refs, main: { 'snapshot-id': id, type: 'branch' } } };
}

/** Parses JSON. Integers that a number can't hold become bigint; other numbers that would change stay as they are written. */
function parseExactJson(text: string): unknown {
  return json.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || source === undefined) return value;
    // 1234567890123456800 comes back as it is written, and isn't safe as a number all the same.
    if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) ? value : BigInt(source);
    return source === String(value) ? value : json.rawJSON(source);
  });
}

/** Writes JSON, bigint as integers. */
function writeExactJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'bigint' ? json.rawJSON(String(member)) : member,
  );
}
