import { randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import avro, { type Schema, type Type } from 'avsc';
import { z } from 'zod';
import { IcebergError } from './IcebergError.ts';

/** A record as avsc decodes it: longs are bigint, `bytes` and `fixed` are buffers. */
export type AvroRecord = Readonly<Record<string, unknown>>;

/** A schema in Avro's JSON, with Iceberg's attributes. */
export type AvroSchema = string | readonly AvroSchema[] | { readonly [attribute: string]: unknown };

/** An Avro container file: https://avro.apache.org/docs/1.11.1/specification/#object-container-files. */
export interface AvroFile {
  /** The writer's schema, as it is in the header. */
  readonly schema: AvroSchema;
  /** The header's metadata, of which those that start with `avro.` are Avro's own. */
  readonly metadata: ReadonlyMap<string, string>;
  readonly records: readonly AvroRecord[];
}

const MAGIC = Buffer.from('Obj\x01', 'latin1');
const SYNC_BYTES = 16;
/** Records in a block: a reader holds a block at a time. */
const BLOCK_RECORDS = 1000;

// Plain numbers would lose digits of snapshot IDs.
const longType = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint' && BigInt.asIntN(64, value) === value,
  compare: (left: bigint, right: bigint) => (left < right ? -1 : left > right ? 1 : 0),
});

const headerType = avro.Type.forSchema({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'magic', type: { type: 'fixed', name: 'Magic', size: MAGIC.length } },
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'HeaderSync', size: SYNC_BYTES } },
  ],
});
const blockType = avro.Type.forSchema({
  type: 'record',
  name: 'Block',
  fields: [
    { name: 'count', type: 'long' },
    { name: 'data', type: 'bytes' },
    { name: 'sync', type: { type: 'fixed', name: 'BlockSync', size: SYNC_BYTES } },
  ],
});
const bytesSchema = z.instanceof(Uint8Array);
const headerSchema = z.object({ meta: z.record(z.string(), bytesSchema), sync: bytesSchema });
const blockSchema = z.object({ count: z.int(), data: bytesSchema, sync: bytesSchema });
const avroSchemaSchema: z.ZodType<AvroSchema> = z.union([
  z.string(),
  z.array(z.unknown()).transform((branches) => branches as AvroSchema[]),
  z.record(z.string(), z.unknown()),
]);

/** Reads a container file whose records are Avro records. Throws `BAD_METADATA`, and `UNSUPPORTED` for another codec. */
export function readAvro(content: Uint8Array, location: string): AvroFile {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new IcebergError('BAD_METADATA', `${location} is not an Avro file.`);
  }
  try {
    return readContainer(bytes, location);
  } catch (error) {
    if (error instanceof IcebergError) throw error;
    throw new IcebergError('BAD_METADATA', `${location} can't be read as Avro.`, { cause: error });
  }
}

/** Writes a container file. The schema gets into the header as it is, with `field-id` and Iceberg's other attributes. */
export function writeAvro(
  schema: AvroSchema,
  records: readonly AvroRecord[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const type = typeOf(schema);
  const sync = randomBytes(SYNC_BYTES);
  const meta = Object.entries({
    ...metadata,
    'avro.schema': JSON.stringify(schema),
    'avro.codec': 'deflate',
  }).map(([key, value]) => [key, Buffer.from(value, 'utf8')]);
  const parts = [headerType.toBuffer({ magic: MAGIC, meta: Object.fromEntries(meta), sync })];
  for (let at = 0; at < records.length; at += BLOCK_RECORDS) {
    const block = records.slice(at, at + BLOCK_RECORDS);
    const data = deflateRawSync(Buffer.concat(block.map((record) => type.toBuffer(record))));
    parts.push(blockType.toBuffer({ count: block.length, data, sync }));
  }
  return Buffer.concat(parts);
}

/** Members of an Avro record by Iceberg's field IDs: names may be others, and there may be more. */
export class RecordFields {
  readonly #names = new Map<number, string>();
  readonly #types = new Map<number, unknown>();
  readonly #location: string;

  constructor(schema: unknown, location: string) {
    this.#location = location;
    const fields = isObject(schema) && Array.isArray(schema['fields']) ? schema['fields'] : [];
    for (const field of fields) {
      if (!isObject(field) || typeof field['field-id'] !== 'number') continue;
      this.#names.set(field['field-id'], String(field['name']));
      this.#types.set(field['field-id'], unwrapped(field['type']));
    }
  }

  /** The fields of the record that a field holds, or of the elements of its list. */
  nested(id: number): RecordFields {
    const type = this.#types.get(id);
    const isList = isObject(type) && type['type'] === 'array';
    return new RecordFields(isList ? unwrapped(type['items']) : type, this.#location);
  }

  has(id: number): boolean {
    return this.#names.has(id);
  }

  /** Null of a field that the file doesn't have. */
  raw(record: AvroRecord, id: number): unknown {
    const name = this.#names.get(id);
    return name === undefined ? null : (record[name] ?? null);
  }

  record(record: AvroRecord, id: number): AvroRecord {
    const value = this.raw(record, id);
    return isObject(value) ? value : this.#fail(id);
  }

  text(record: AvroRecord, id: number): string {
    return this.textOrNull(record, id) ?? this.#fail(id);
  }

  textOrNull(record: AvroRecord, id: number): string | null {
    const value = this.raw(record, id);
    return value === null || typeof value === 'string' ? value : this.#fail(id);
  }

  long(record: AvroRecord, id: number): bigint {
    return this.longOrNull(record, id) ?? this.#fail(id);
  }

  longOrNull(record: AvroRecord, id: number): bigint | null {
    const value = this.raw(record, id);
    if (value === null || typeof value === 'bigint') return value;
    return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : this.#fail(id);
  }

  int(record: AvroRecord, id: number): number {
    return this.intOrNull(record, id) ?? this.#fail(id);
  }

  intOrNull(record: AvroRecord, id: number): number | null {
    const value = this.longOrNull(record, id);
    return value === null ? null : Number(value);
  }

  boolean(record: AvroRecord, id: number): boolean {
    return this.booleanOrNull(record, id) ?? this.#fail(id);
  }

  booleanOrNull(record: AvroRecord, id: number): boolean | null {
    const value = this.raw(record, id);
    return value === null || typeof value === 'boolean' ? value : this.#fail(id);
  }

  bytesOrNull(record: AvroRecord, id: number): Uint8Array | null {
    const value = this.raw(record, id);
    return value === null || value instanceof Uint8Array ? value : this.#fail(id);
  }

  listOrNull<T>(record: AvroRecord, id: number, read: (item: unknown) => T): T[] | null {
    const value = this.raw(record, id);
    if (value === null) return null;
    return Array.isArray(value) ? value.map(read) : this.#fail(id);
  }

  /** A map that is stored as a list of records with the fields `keyId` and `valueId`. */
  mapOrNull<T>(
    record: AvroRecord,
    id: number,
    [keyId, valueId]: readonly [number, number],
    read: (pair: AvroRecord, fields: RecordFields, id: number) => T,
  ): Map<number, T> | null {
    const fields = this.nested(id);
    const pairs = this.listOrNull(record, id, (pair) => {
      const checked = isObject(pair) ? pair : this.#fail(id);
      return [fields.int(checked, keyId), read(checked, fields, valueId)] as const;
    });
    return pairs && new Map(pairs);
  }

  #fail(id: number): never {
    const name = this.#names.get(id);
    const what = name === undefined ? `no field ${id}` : `a wrong value in ${name} (field ${id})`;
    throw new IcebergError('BAD_METADATA', `${this.#location} has ${what}.`);
  }
}

function readContainer(bytes: Buffer, location: string): AvroFile {
  const decoded = headerType.decode(bytes);
  const { meta, sync } = headerSchema.parse(decoded.value);
  const metadata = new Map(
    Object.entries(meta).map(([key, value]) => [key, Buffer.from(value).toString('utf8')]),
  );
  const codec = metadata.get('avro.codec') ?? 'null';
  if (codec !== 'null' && codec !== 'deflate') {
    throw new IcebergError('UNSUPPORTED', `${location} is compressed with ${codec}: only deflate is read.`);
  }
  const schema = avroSchemaSchema.parse(JSON.parse(metadata.get('avro.schema') ?? ''));
  const type = typeOf(schema);
  const records: AvroRecord[] = [];
  for (let at = decoded.offset; at < bytes.length; ) {
    const next = blockType.decode(bytes, at);
    // avsc says -1 where the buffer ends too early.
    if (next.offset < 0) throw new IcebergError('BAD_METADATA', `${location} is cut off.`);
    at = next.offset;
    const block = blockSchema.parse(next.value);
    if (Buffer.compare(block.sync, sync) !== 0) {
      throw new IcebergError('BAD_METADATA', `${location} is damaged: a block's marker is wrong.`);
    }
    const data = codec === 'deflate' ? inflateRawSync(block.data) : Buffer.from(block.data);
    for (let count = 0, offset = 0; count < block.count; count += 1) {
      const record = type.decode(data, offset);
      if (record.offset < 0) throw new IcebergError('BAD_METADATA', `${location} is cut off in a block.`);
      offset = record.offset;
      records.push(record.value);
    }
  }
  return { schema, metadata, records };
}

function typeOf(schema: AvroSchema): Type {
  // avsc takes Iceberg's attributes as unknown ones, and doesn't know its logical types, which it then leaves out.
  return avro.Type.forSchema(schema as Schema, { registry: { long: longType }, wrapUnions: 'never' });
}

/** The type of an optional field: the union's branch that isn't null. */
function unwrapped(type: unknown): unknown {
  return Array.isArray(type) ? type.find((branch: AvroSchema) => branch !== 'null') : type;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
