import {
  BOOLEAN,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
  SQLNULL,
} from '@duckdb/node-api';
import type { Session } from '../Session.ts';

/**
 * The types of a query's columns with SQLNULL, Trino's `unknown`, for what is NULL without a type in every row, also within
 * arrays, maps and rows. DuckDB describes that as an integer. No file is read.
 *
 * @param query In DuckDB's SQL, with its columns as DuckDB describes them.
 */
export async function typesWithUnknown(
  session: Session,
  { sql, columns }: { readonly sql: string; readonly columns: readonly { readonly type: DuckDBType }[] },
): Promise<readonly DuckDBType[]> {
  // Beside a boolean, an integer stays one, and NULL becomes a boolean.
  const probes = columns.map(({ type }) => replaceIntegers(type, BOOLEAN, () => true));
  if (probes.every((probe, index) => probe === columns[index]?.type)) return probes;
  const items = probes.map((probe, index) =>
    probe === columns[index]?.type ? `c${index}` : `coalesce(c${index}, CAST(NULL AS ${probe}))`,
  );
  const names = columns.map((_, index) => `c${index}`).join(', ');
  const prepared = await session.prepare(`SELECT ${items.join(', ')} FROM (${sql}\n) AS q(${names})`);
  try {
    return columns.map(({ type }, index) =>
      replaceIntegers(
        type,
        SQLNULL,
        (found) => found?.typeId === DuckDBTypeId.BOOLEAN,
        prepared.columnType(index),
      ),
    );
  } finally {
    prepared.destroySync();
  }
}

/**
 * Replaces the integers in a type.
 *
 * @param isReplaced Decides by the type at the same place of `other`.
 * @returns The type itself if nothing in it is replaced.
 */
function replaceIntegers(
  type: DuckDBType,
  by: DuckDBType,
  isReplaced: (found: DuckDBType | undefined) => boolean,
  other?: DuckDBType,
): DuckDBType {
  if (type.typeId === DuckDBTypeId.INTEGER) return isReplaced(other) ? by : type;
  const inner = (part: DuckDBType, found: DuckDBType | undefined) =>
    replaceIntegers(part, by, isReplaced, found);
  if (type instanceof DuckDBListType) {
    const value = inner(type.valueType, other instanceof DuckDBListType ? other.valueType : undefined);
    return value === type.valueType ? type : new DuckDBListType(value);
  }
  if (type instanceof DuckDBMapType) {
    const found = other instanceof DuckDBMapType ? other : undefined;
    const [key, value] = [inner(type.keyType, found?.keyType), inner(type.valueType, found?.valueType)];
    return key === type.keyType && value === type.valueType ? type : new DuckDBMapType(key, value);
  }
  if (type instanceof DuckDBStructType) {
    const found = other instanceof DuckDBStructType ? other.entryTypes : [];
    const entries = type.entryTypes.map((entry, index) => inner(entry, found[index]));
    return entries.every((entry, index) => entry === type.entryTypes[index])
      ? type
      : new DuckDBStructType(type.entryNames, entries);
  }
  return type;
}
