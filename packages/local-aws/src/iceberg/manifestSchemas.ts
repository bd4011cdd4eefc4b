import type { AvroSchema } from './avro.ts';
import type { IcebergType, PartitionSpec } from './model.ts';
import { decimalBytes, primitiveOf } from './types.ts';

const record = (name: string, fields: readonly AvroSchema[]): AvroSchema => ({
  type: 'record',
  name,
  fields,
});
const required = (id: number, name: string, type: AvroSchema): AvroSchema => ({ name, type, 'field-id': id });
const optional = (id: number, name: string, type: AvroSchema): AvroSchema => ({
  name,
  type: ['null', type],
  default: null,
  'field-id': id,
});
const list = (id: number, items: AvroSchema): AvroSchema => ({ type: 'array', items, 'element-id': id });
/** A map with numbers as keys, which Avro doesn't have: https://iceberg.apache.org/spec/#avro. */
const numberMap = (key: number, value: number, values: AvroSchema): AvroSchema => ({
  type: 'array',
  logicalType: 'map',
  items: record(`k${key}_v${value}`, [required(key, 'key', 'int'), required(value, 'value', values)]),
});

/** The schema of a version 2 manifest of a partition spec: https://iceberg.apache.org/spec/#manifests. */
export function manifestSchema(spec: PartitionSpec, typeOf: (fieldId: number) => string): AvroSchema {
  const named = new Set<string>();
  const partition = spec.fields.map((field) => {
    const name = avroName(field.name);
    const type = avroType(typeOf(field['field-id']), field['field-id'], named);
    const written = optional(field['field-id'], name, type);
    return name === field.name || typeof written !== 'object'
      ? written
      : { ...written, 'iceberg-field-name': field.name };
  });
  const dataFile = record('r2', [
    required(134, 'content', 'int'),
    required(100, 'file_path', 'string'),
    required(101, 'file_format', 'string'),
    required(102, 'partition', record('r102', partition)),
    required(103, 'record_count', 'long'),
    required(104, 'file_size_in_bytes', 'long'),
    optional(108, 'column_sizes', numberMap(117, 118, 'long')),
    optional(109, 'value_counts', numberMap(119, 120, 'long')),
    optional(110, 'null_value_counts', numberMap(121, 122, 'long')),
    optional(137, 'nan_value_counts', numberMap(138, 139, 'long')),
    optional(125, 'lower_bounds', numberMap(126, 127, 'bytes')),
    optional(128, 'upper_bounds', numberMap(129, 130, 'bytes')),
    optional(131, 'key_metadata', 'bytes'),
    optional(132, 'split_offsets', list(133, 'long')),
    optional(135, 'equality_ids', list(136, 'int')),
    optional(140, 'sort_order_id', 'int'),
    optional(143, 'referenced_data_file', 'string'),
  ]);
  return record('manifest_entry', [
    required(0, 'status', 'int'),
    optional(1, 'snapshot_id', 'long'),
    optional(3, 'sequence_number', 'long'),
    optional(4, 'file_sequence_number', 'long'),
    required(2, 'data_file', dataFile),
  ]);
}

/** The schema of a version 2 manifest list: https://iceberg.apache.org/spec/#manifest-lists. */
export const manifestListSchema: AvroSchema = record('manifest_file', [
  required(500, 'manifest_path', 'string'),
  required(501, 'manifest_length', 'long'),
  required(502, 'partition_spec_id', 'int'),
  required(517, 'content', 'int'),
  required(515, 'sequence_number', 'long'),
  required(516, 'min_sequence_number', 'long'),
  required(503, 'added_snapshot_id', 'long'),
  required(504, 'added_files_count', 'int'),
  required(505, 'existing_files_count', 'int'),
  required(506, 'deleted_files_count', 'int'),
  required(512, 'added_rows_count', 'long'),
  required(513, 'existing_rows_count', 'long'),
  required(514, 'deleted_rows_count', 'long'),
  optional(
    507,
    'partitions',
    list(
      508,
      record('r508', [
        required(509, 'contains_null', 'boolean'),
        optional(518, 'contains_nan', 'boolean'),
        optional(510, 'lower_bound', 'bytes'),
        optional(511, 'upper_bound', 'bytes'),
      ]),
    ),
  ),
  optional(519, 'key_metadata', 'bytes'),
]);

/** A name that Avro allows, as Java makes it: `_` before a digit, `_x` and the code for what else isn't allowed. */
export function avroName(name: string): string {
  const escaped = (character: string) =>
    /\d/.test(character) ? `_${character}` : `_x${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return name.replace(/^[^A-Za-z_]/, escaped).replace(/[^A-Za-z0-9_]/g, escaped);
}

/** The Avro type of a partition value. A second `fixed` of the same kind needs a name of its own. */
function avroType(type: IcebergType, fieldId: number, named: Set<string>): AvroSchema {
  const { name, precision, scale, length } = primitiveOf(type);
  const fixed = (wanted: string, size: number, logical: object) => {
    const free = named.has(wanted) ? `${wanted}_${fieldId}` : wanted;
    named.add(free);
    return { type: 'fixed', name: free, size, ...logical };
  };
  switch (name) {
    case 'date':
      return { type: 'int', logicalType: 'date' };
    case 'time':
      return { type: 'long', logicalType: 'time-micros' };
    case 'timestamp':
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros', 'adjust-to-utc': name === 'timestamptz' };
    case 'uuid':
      return fixed('uuid_fixed', 16, { logicalType: 'uuid' });
    case 'fixed':
      return fixed(`fixed_${length}`, length, {});
    case 'decimal':
      return fixed(`decimal_${precision}_${scale}`, decimalBytes(precision), {
        logicalType: 'decimal',
        precision,
        scale,
      });
    case 'binary':
      return 'bytes';
    default:
      return name;
  }
}
