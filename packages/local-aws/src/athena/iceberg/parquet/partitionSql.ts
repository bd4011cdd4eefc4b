import {
  BLOB,
  type DuckDBBlobValue,
  DuckDBScalarFunction,
  type DuckDBType,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api';
import { quoteName } from '../../../base/sql.ts';
import {
  type IcebergField,
  type IcebergType,
  type IcebergValue,
  type PartitionField,
  type PartitionSpec,
  type PartitionValue,
  transformValue,
} from '../../../iceberg/index.ts';
import type { Session } from '../../engine/Session.ts';
import { notEmulated } from '../../engine/StatementError.ts';

/** A partition field over the columns of a query: SQL that gives its value as text, and how to read it. */
export interface PartitionColumn {
  /** Null where the partition's value is. */
  readonly sql: string;
  /** Whether the text may be long, or anything: then it is no name of a folder. */
  readonly isText: boolean;
  readonly read: (text: string | null) => PartitionValue;
}

const LOW = '4294967295';
/** murmur3_x86_32 of a long's eight bytes, over UBIGINTs that hold 32 bits: appendix B of https://iceberg.apache.org/spec/. */
const MACROS = [
  `iceberg_rotated(x, r) AS ((x << r) | (x >> (32 - r))) & ${LOW}::UBIGINT`,
  `iceberg_scrambled(k) AS (memory.main.iceberg_rotated((k * 3432918353::UBIGINT) & ${LOW}::UBIGINT, 15) * 461845907::UBIGINT) & ${LOW}::UBIGINT`,
  `iceberg_mixed(h, k) AS (memory.main.iceberg_rotated(xor(h, memory.main.iceberg_scrambled(k)), 13) * 5 + 3864292196::UBIGINT) & ${LOW}::UBIGINT`,
  'iceberg_folded(h, r) AS xor(h, h >> r)',
  `iceberg_finished(h) AS memory.main.iceberg_folded((memory.main.iceberg_folded((memory.main.iceberg_folded(h, 16) * 2246822507::UBIGINT) & ${LOW}::UBIGINT, 13) * 3266489909::UBIGINT) & ${LOW}::UBIGINT, 16)`,
  `iceberg_hash(v) AS memory.main.iceberg_finished(xor(memory.main.iceberg_mixed(memory.main.iceberg_mixed(0::UBIGINT, (v & ${LOW})::UBIGINT), ((v >> 32) & ${LOW})::UBIGINT), 8::UBIGINT))`,
];
const DEFINE_MACROS = MACROS.map((macro) => `CREATE OR REPLACE MACRO memory.main.${macro}`).join('; ');

/**
 * The fields of a partition spec in DuckDB's SQL, and what they need in the session.
 *
 * @param fields The columns that the query has, by their names.
 * @throws StatementError for a partition by a nested column or of a transform that is unknown.
 */
export async function partitionColumns(
  session: Session,
  spec: PartitionSpec,
  fields: readonly IcebergField[],
): Promise<readonly PartitionColumn[]> {
  const columns = spec.fields.map((field) => partitionColumn(field, fields));
  if (columns.some(({ sql }) => sql.includes('iceberg_hash'))) await session.run(DEFINE_MACROS);
  for (const { bucketOf } of columns) if (bucketOf !== undefined) session.registerFunction(bucketOf());
  return columns;
}

interface OwnColumn extends PartitionColumn {
  /** A function that the SQL calls. */
  readonly bucketOf?: () => DuckDBScalarFunction;
}

function partitionColumn(field: PartitionField, fields: readonly IcebergField[]): OwnColumn {
  const source = fields.find(({ id }) => id === field['source-id']);
  const [, transform = '', argument = ''] = /^(\w+)(?:\[(\d+)\])?$/.exec(field.transform) ?? [];
  if (transform === 'void') return { sql: 'CAST(NULL AS VARCHAR)', isText: false, read: () => null };
  if (source === undefined || typeof source.type !== 'string')
    throw notEmulated(`Writing to a partition by a nested column (${field.name})`);
  const column = quoteName(source.name);
  const { type } = source;
  const number = (sql: string): OwnColumn => ({
    sql: `CAST(${sql} AS VARCHAR)`,
    isText: false,
    read: (text) => (text === null ? null : Number(text)),
  });
  if (transform === 'identity') return { ...internalValue(type, column), read: reader(type) };
  if (/^(?:year|month|day|hour)$/.test(transform)) return number(periodSql(transform, column));
  if (transform === 'bucket') return bucketColumn(field, type, column, argument);
  if (transform === 'truncate')
    return {
      sql: truncated(type, column, argument),
      isText: /^(?:string|binary)$/.test(type),
      read: reader(type),
    };
  throw notEmulated(`The partition transform ${field.transform}`);
}

/** Periods since 1970. `date_diff` counts their bounds, also before. */
function periodSql(period: string, column: string): string {
  return `date_diff('${period}', TIMESTAMP '1970-01-01', CAST(${column} AS TIMESTAMP))`;
}

/** Types whose bucket equals the bucket of a long. */
const AS_LONG: ReadonlyMap<string, (column: string) => string> = new Map([
  ['int', (column: string) => `CAST(${column} AS BIGINT)`],
  ['long', (column: string) => column],
  ['date', (column: string) => periodSql('day', column)],
  ['time', (column: string) => `epoch_us(${column})`],
  ['timestamp', (column: string) => `epoch_us(${column})`],
  ['timestamptz', (column: string) => `epoch_us(${column})`],
]);

function bucketColumn(field: PartitionField, type: string, column: string, count: string): OwnColumn {
  const read = (text: string | null) => (text === null ? null : Number(text));
  const long = AS_LONG.get(type)?.(column);
  if (long !== undefined)
    return {
      sql: `CAST((memory.main.iceberg_hash(${long}) & 2147483647::UBIGINT) % ${count} AS VARCHAR)`,
      isText: false,
      read,
    };
  const isBytes = type === 'binary' || type.startsWith('fixed');
  const name = `iceberg_bucket_${field['field-id']}`;
  const value = isBytes ? column : internalValue(type, column).sql;
  return {
    sql: `CAST(${name}(${value}) AS VARCHAR)`,
    isText: false,
    read,
    bucketOf: () =>
      scalarFunction(name, isBytes ? BLOB : VARCHAR, (item) => {
        const own = isBytes ? (item as DuckDBBlobValue).bytes : internalOf(type, String(item));
        return Number(transformValue(field.transform, type, own));
      }),
  };
}

/** A function of DuckDB that runs here and gives a whole number of 32 bits. Null gives null. */
function scalarFunction(
  name: string,
  parameter: DuckDBType,
  compute: (item: unknown) => number,
): DuckDBScalarFunction {
  return DuckDBScalarFunction.create({
    name,
    parameterTypes: [parameter],
    returnType: INTEGER,
    mainFunction(_info, input, output) {
      const values = input.getColumnVector(0);
      for (let row = 0; row < input.rowCount; row += 1) {
        const item = values.getItem(row);
        output.setItem(row, item === null ? null : compute(item));
      }
      output.flush();
    },
  });
}

function truncated(type: string, column: string, width: string): string {
  if (type === 'string') return `left(${column}, ${width})`;
  if (type === 'binary') return `left(hex(${column}), ${2 * Number(width)})`;
  const unscaled = `CAST(${internalValue(type, column).sql} AS HUGEINT)`;
  return `CAST(${unscaled} - ((${unscaled} % ${width}) + ${width}) % ${width} AS VARCHAR)`;
}

/** Iceberg's internal value of a column, as text. */
function internalValue(type: string, column: string): { readonly sql: string; readonly isText: boolean } {
  if (type === 'string') return { sql: column, isText: true };
  if (type === 'binary' || type.startsWith('fixed')) return { sql: `hex(${column})`, isText: true };
  const long = type === 'int' || type === 'long' ? column : AS_LONG.get(type)?.(column);
  if (long !== undefined) return { sql: `CAST(${long} AS VARCHAR)`, isText: false };
  const text = `CAST(${column} AS VARCHAR)`;
  return { sql: type.startsWith('decimal') ? `replace(${text}, '.', '')` : text, isText: false };
}

const reader = (type: string) => (text: string | null) => (text === null ? null : internalOf(type, text));

/** Reads the text of {@link internalValue}. */
function internalOf(type: IcebergType, text: string): IcebergValue {
  if (type === 'string' || type === 'uuid') return text;
  if (type === 'boolean') return text === 'true';
  if (type === 'binary' || /^fixed/.test(String(type))) return Buffer.from(text, 'hex');
  if (type === 'int' || type === 'date') return Number(text);
  if (type === 'float' || type === 'double') return floatOf(text);
  return BigInt(text);
}

/** A number as DuckDB writes it. */
export function floatOf(text: string): number {
  const special = /^(-?)(inf|nan)/.exec(text);
  if (special === null) return Number(text);
  if (special[2] === 'nan') return Number.NaN;
  return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
