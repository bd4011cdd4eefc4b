import { open } from 'node:fs/promises';
import { quoteName, quoteText } from '../../base/sql.ts';
import type { DuckDbSession } from '../../duckdb/DuckDbSession.ts';
import {
  CONVERTED,
  ELEMENT,
  intOf,
  LOGICAL,
  ParquetFooter,
  readEnds,
  readSchema,
  replaceSchema,
  type SchemaNode,
  structOf,
} from '../../parquet/parquetFooter.ts';
import type { ThriftStruct } from '../../parquet/thriftCompact.ts';
import { splitOutside, structMembers } from './readColumns.ts';

/** What to look through. */
export interface TextSearch {
  readonly path: string;
  /** Ranges of leaves among the column chunks of a row group. Only columns that have one of them are read. */
  readonly leaves: readonly (readonly [first: number, end: number])[];
  /** Number of rows from the beginning. Default: all. */
  readonly firstRows?: number | undefined;
}

/**
 * The first row with a text that is not UTF-8, and its column. DuckDB says neither, so the file's texts are declared as bytes
 * while it reads them once more, and each is decoded by itself.
 *
 * @param withSession Runs a function with a new DuckDB that may read the file.
 * @returns Null if no row has one: a dictionary may hold texts that no row uses.
 */
export async function findInvalidText(
  { path, leaves, firstRows }: TextSearch,
  withSession: <T>(run: (session: DuckDbSession) => Promise<T>) => Promise<T>,
): Promise<{ readonly column: string; readonly row: number } | null> {
  const from = `read_parquet(${quoteText(path)}, hive_partitioning = false)`;
  const types = await withSession((session) => session.rows(`DESCRIBE SELECT * FROM ${from}`));
  const ends = readEnds(path);
  const footer = new ParquetFooter(ends);
  const root = readSchema(footer.shape);
  const columns = root.children.flatMap(({ name, leaves: [first, end] }, i) => {
    const isAsked = leaves.some(([from, to]) => first < to && from < end);
    const decoded = isAsked ? decodedSql(`src.c${i}`, String(types[i]?.['column_type'])) : null;
    return decoded === null ? [] : [{ name, isInvalid: `src.c${i} IS NOT NULL AND TRY(${decoded}) IS NULL` }];
  });
  if (columns.length === 0) return null;
  const firsts = columns.map(
    ({ isInvalid }, i) => `min(src.file_row_number) FILTER (WHERE ${isInvalid}) AS r${i}`,
  );
  const where = firstRows === undefined ? '' : ` WHERE src.file_row_number < ${firstRows}`;
  const query = `SELECT ${firsts.join(', ')} FROM ${from} AS src(${root.children.map((_, i) => `c${i}`).join(', ')})${where}`;
  const file = await open(path, 'r+');
  try {
    await replaceSchema(file, footer, textsAsBytes(root));
    const [row] = await withSession((session) => session.rows(query));
    const found = columns.flatMap(({ name }, i) => {
      const at = row?.[`r${i}`];
      return at == null ? [] : [{ column: name, row: Number(at) }];
    });
    return found.toSorted((a, b) => a.row - b.row)[0] ?? null;
  } finally {
    const original = ends.end.subarray(ends.end.length - (ends.size - footer.start));
    await file.write(original, 0, original.length, footer.start);
    await file.truncate(ends.size);
    await file.close();
  }
}

/** The elements of a schema whose texts are bytes. */
function textsAsBytes({ element, children }: SchemaNode): ThriftStruct[] {
  const logical = structOf(element, ELEMENT.logical);
  const converted = intOf(element, ELEMENT.converted);
  const isText =
    children.length === 0 &&
    ([LOGICAL.string, LOGICAL.enum, LOGICAL.json].some((member) => logical?.has(member) === true) ||
      [CONVERTED.utf8, CONVERTED.enum, CONVERTED.json].some((one) => one === converted));
  const own = new Map(element);
  if (isText) for (const id of [ELEMENT.converted, ELEMENT.logical]) own.delete(id);
  return [own, ...children.flatMap(textsAsBytes)];
}

/**
 * SQL that decodes every text of a value, and fails for one that is not UTF-8; null for a type without texts.
 *
 * @param type As DuckDB prints it, with texts.
 */
function decodedSql(value: string, type: string, depth = 0): string | null {
  if (type === 'VARCHAR' || type === 'JSON') return `decode(${value})`;
  const each = (list: string, inner: string) => {
    const decoded = decodedSql(`e${depth}`, inner, depth + 1);
    return decoded === null ? null : `list_transform(${list}, lambda e${depth}: ${decoded})`;
  };
  if (type.endsWith('[]')) return each(value, type.slice(0, -2));
  const map = /^MAP\((.*)\)$/s.exec(type)?.[1];
  const [key = '', held = ''] = map === undefined ? [] : splitOutside(map, ',');
  const parts = [
    ...structMembers(type).map((member) =>
      decodedSql(`${value}.${quoteName(member.name)}`, member.type, depth),
    ),
    ...(map === undefined
      ? []
      : [each(`map_keys(${value})`, key), each(`map_values(${value})`, held.trim())]),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : `row(${parts.join(', ')})`;
}
