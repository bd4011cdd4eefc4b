import type { DuckDBMapValue } from '@duckdb/node-api';
import {
  boundBytes,
  type FileEntry,
  type IcebergField,
  type IcebergType,
  type IcebergValue,
  lowerBoundBytes,
  upperBoundBytes,
} from '../../../iceberg/index.ts';
import { floatOf } from './partitionSql.ts';

/** The counts and bounds of a file's columns, by their IDs. */
export type ColumnMetrics = Pick<
  FileEntry,
  'columnSizes' | 'valueCounts' | 'nullCounts' | 'nanCounts' | 'lowerBounds' | 'upperBounds'
>;

/**
 * The metrics of a file that DuckDB has written, from the `column_statistics` of its `RETURN_STATS`: a map of each leaf
 * column, `"place"."city"`, to a map of texts. Columns within lists and maps have sizes only, as in Iceberg's own
 * ParquetUtil; a bound that DuckDB leaves out, or that has no text here (infinite times), is left out.
 *
 * @param exact Bounds are whole, and not cut to 16 characters: of paths in delete files.
 */
export function columnMetrics(
  statistics: DuckDBMapValue,
  fields: readonly IcebergField[],
  exact = false,
): ColumnMetrics {
  const leaves = new Map(leafColumns(fields).map((leaf) => [leaf.path, leaf]));
  const columnSizes = new Map<number, bigint>();
  const valueCounts = new Map<number, bigint>();
  const nullCounts = new Map<number, bigint>();
  const nanCounts = new Map<number, bigint>();
  const lowerBounds = new Map<number, Uint8Array>();
  const upperBounds = new Map<number, Uint8Array>();
  for (const { key, value } of statistics.entries) {
    const leaf = leaves.get(String(key));
    if (leaf === undefined) continue;
    const { id, type } = leaf;
    const facts = new Map(
      (value as DuckDBMapValue).entries.map((own) => [String(own.key), String(own.value)]),
    );
    const count = (name: string, into: Map<number, bigint>) => {
      const text = facts.get(name);
      if (text !== undefined) into.set(id, BigInt(text));
    };
    count('column_size_bytes', columnSizes);
    if (leaf.repeated) continue;
    count('num_values', valueCounts);
    count('null_count', nullCounts);
    if (facts.get('has_nan') === 'false') nanCounts.set(id, 0n);
    const [lower, upper] = [facts.get('min'), facts.get('max')].map((text) =>
      text === undefined ? undefined : valueOfStatistics(type, text),
    );
    if (lower !== undefined)
      lowerBounds.set(id, exact ? boundBytes(type, lower) : lowerBoundBytes(type, lower));
    const raised =
      upper === undefined ? undefined : exact ? boundBytes(type, upper) : upperBoundBytes(type, upper);
    if (raised !== undefined) upperBounds.set(id, raised);
  }
  return { columnSizes, valueCounts, nullCounts, nanCounts, lowerBounds, upperBounds };
}

interface Leaf {
  /** As in DuckDB's statistics. */
  readonly path: string;
  readonly id: number;
  readonly type: IcebergType;
  /** Whether a row may have several values. */
  readonly repeated: boolean;
}

function leafColumns(fields: readonly IcebergField[]): Leaf[] {
  return fields.flatMap(({ id, name, type }) => leavesOf(quoted(name), id, type, false));
}

function leavesOf(path: string, id: number, type: IcebergType, repeated: boolean): Leaf[] {
  if (typeof type === 'string') return [{ path, id, type, repeated }];
  if (type.type === 'list')
    return leavesOf(`${path}.${quoted('element')}`, type['element-id'], type.element, true);
  if (type.type === 'map')
    return [
      ...leavesOf(`${path}.${quoted('key')}`, type['key-id'], type.key, true),
      ...leavesOf(`${path}.${quoted('value')}`, type['value-id'], type.value, true),
    ];
  return type.fields.flatMap((field) =>
    leavesOf(`${path}.${quoted(field.name)}`, field.id, field.type, repeated),
  );
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** A value in DuckDB's statistics. Undefined for one that has no place in a bound. */
function valueOfStatistics(type: IcebergType, text: string): IcebergValue | undefined {
  if (typeof type !== 'string') return undefined;
  if (type === 'boolean') return text === '1' || text === 'true';
  if (type === 'int') return Number(text);
  if (type === 'long') return BigInt(text);
  if (type === 'float' || type === 'double') return floatOf(text);
  if (type === 'string') return text;
  if (type === 'binary' || type.startsWith('fixed')) return Buffer.from(text, 'hex');
  if (type.startsWith('decimal')) return BigInt(text.replace('.', ''));
  if (type === 'date') {
    const micros = microsOf(text);
    return micros === undefined ? undefined : Number(micros / 86_400_000_000n);
  }
  return type === 'timestamp' || type === 'timestamptz' ? microsOf(text) : undefined;
}

/** Microseconds since 1970 of `2026-11-20 07:32:00.123456`, also with `+00` after it. Undefined for years that are not four digits. */
function microsOf(text: string): bigint | undefined {
  const [, date, time = '00:00:00', fraction = ''] =
    /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?)?$/.exec(text) ?? [];
  if (date === undefined) return undefined;
  return BigInt(Date.parse(`${date}T${time}Z`)) * 1_000n + BigInt(fraction.padEnd(6, '0') || '0');
}
