import { DOUBLE, FLOAT, VARCHAR } from '@duckdb/node-api';
import type { Session } from '../engine/Session.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import { scalarFunction } from '../iceberg/parquet/partitionSql.ts';

/** How the rows of a Hive table are spread over files. */
export interface Buckets {
  /** In lower case. */
  readonly columns: readonly string[];
  readonly count: number;
}

/**
 * The buckets of `CREATE TABLE … AS`: `bucketed_by = ARRAY['a'], bucket_count = 4`.
 * https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html
 *
 * @param own The columns that are no partition keys.
 * @returns undefined without the properties.
 * @throws StatementError INVALID_TABLE_PROPERTY, in the words of Trino's HiveTableProperties
 */
export function readBuckets(
  properties: ReadonlyMap<string, string | readonly string[]>,
  own: readonly string[],
): Buckets | undefined {
  const given = properties.get('bucketed_by');
  const number = properties.get('bucket_count');
  if (given === undefined && number === undefined) return undefined;
  const invalid = (message: string) => statementError('INVALID_TABLE_PROPERTY', message);
  if (given === undefined || number === undefined)
    throw invalid('bucketed_by and bucket_count must appear together');
  const columns = (typeof given === 'string' ? [given] : given).map((name) => name.toLowerCase());
  const count = Number(number);
  if (!Number.isSafeInteger(count) || count < 1) throw invalid('bucket_count must be greater than zero');
  const absent = columns.filter((name) => !own.includes(name));
  if (columns.length === 0 || absent.length > 0)
    throw invalid(`Bucketing columns [${absent.join(', ')}] not present in schema`);
  return { columns, count };
}

const LOW = '4294967295';

/**
 * SQL of the number of the bucket that a row belongs to, by Hive's first hash
 * (HiveBucketingV1 in https://github.com/trinodb/trino).
 *
 * @param columns SQL of the values of the columns, with Hive's types.
 * @throws StatementError for types that Athena does not bucket by.
 */
export function bucketSql(
  session: Session,
  columns: readonly { readonly sql: string; readonly type: string }[],
  count: number,
): string {
  session.registerFunction(scalarFunction('hive_text_hash', VARCHAR, (item) => textHash(String(item))));
  session.registerFunction(scalarFunction('hive_float_hash', FLOAT, (item) => bits(Number(item), 4)));
  session.registerFunction(scalarFunction('hive_double_hash', DOUBLE, (item) => bits(Number(item), 8)));
  const hash = columns.reduce(
    (before, { sql, type }) => `((${before} * 31 + coalesce(${hashSql(sql, type)}, 0)) & ${LOW})`,
    '0::BIGINT',
  );
  return `(${hash} & 2147483647) % ${count}`;
}

/** The hash of a value as a BIGINT whose low 32 bits count. */
function hashSql(sql: string, type: string): string {
  switch (type) {
    case 'boolean':
    case 'tinyint':
    case 'smallint':
    case 'int':
      return `CAST(${sql} AS BIGINT)`;
    case 'bigint':
      return `(xor(${sql} >> 32, ${sql}) & ${LOW})`;
    case 'date':
      return `date_diff('day', DATE '1970-01-01', ${sql})`;
    case 'float':
      return `hive_float_hash(${sql})::BIGINT`;
    case 'double':
      return `hive_double_hash(${sql})::BIGINT`;
    case 'string':
      return `hive_text_hash(${sql})::BIGINT`;
    default:
      break;
  }
  // The hash of a varchar begins with 1, which its length carries to the end.
  if (type.startsWith('varchar')) return `hive_text_hash(chr(1) || ${sql})::BIGINT`;
  throw notEmulated(`Buckets by a column of type ${type}`);
}

function textHash(text: string): number {
  let hash = 0;
  for (const byte of Buffer.from(text)) hash = (Math.imul(hash, 31) + ((byte << 24) >> 24)) | 0;
  return hash;
}

/** Java's floatToIntBits, or doubleToLongBits folded to 32 bits. */
function bits(value: number, bytes: 4 | 8): number {
  const view = new DataView(new ArrayBuffer(bytes));
  if (bytes === 4) {
    view.setFloat32(0, value);
    return Number.isNaN(value) ? 0x7fc00000 : view.getInt32(0);
  }
  view.setFloat64(0, value);
  return Number.isNaN(value) ? 0x7ff80000 : view.getInt32(0) ^ view.getInt32(4);
}
