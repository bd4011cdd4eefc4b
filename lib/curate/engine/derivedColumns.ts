import { quoteName, quoteText } from '../../base/sql.ts';
import type { RowDialect } from '../../views/DerivedColumn.ts';
import type { CuratedTable } from '../curatedTables.ts';

/** The SQL function over {@link trinoJsonScalar}: a JSON text, and the keys of the path, one a line. */
export const SCALAR_FUNCTION = 'sluice_json_scalar';

/** Trino does not take it for JSON. A text loses it on the way into JavaScript. */
const BYTE_ORDER_MARK = '\ufeff';

/** A path into a JSON column that derived columns are made of. */
interface Extracted {
  readonly column: string;
  readonly keys: readonly string[];
  /** The column that holds its text. */
  readonly name: string;
}

/**
 * SQL of a query with the derived columns of a table added to all columns of another.
 *
 * Each JSON text is parsed once for all paths. DuckDB's answers are taken where they are Trino's: for strings, booleans, whole
 * numbers and fractions that stand in the text as DuckDB writes them. The rest, and all texts that are not JSON to DuckDB, go
 * through {@link trinoJsonScalar}. DuckDB takes `NaN`, `Infinity` and a comma after the last item for JSON, which no writer of
 * the tables produces.
 *
 * @param from The query, in parentheses.
 */
export function withDerivedColumns({ derived }: Pick<CuratedTable, 'derived'>, from: string): string {
  const extracted = new Map<string, Extracted>();
  const dialect: RowDialect = {
    jsonScalar(column, keys) {
      const path = JSON.stringify([column, keys]);
      // A name with a space, which no column has.
      const found = extracted.get(path) ?? { column, keys, name: `json value ${extracted.size}` };
      extracted.set(path, found);
      return quoteName(found.name);
    },
    matches: (sql, pattern) => `regexp_matches(${sql}, ${quoteText(pattern)})`,
  };
  const columns = derived.map(({ name, sqlIn }) => `${sqlIn(dialect)} AS ${quoteName(name)}`);
  if (columns.length === 0) return from;
  const roots = [...Map.groupBy(extracted.values(), ({ column }) => column)];
  const parsed = roots.map(([column, paths], i) => {
    const list = paths.map(({ keys }) => {
      const path = keys.map((key) => `."${key}"`).join('');
      return quoteText(`$${path}`);
    });
    return `TRY(json_extract(${quoteName(column)}, [${list.join(', ')}])) AS "json ${i}"`;
  });
  const items = roots.flatMap(([, paths], i) =>
    paths.map(({ name }, n) => {
      const column = quoteName(`${name} found`);
      return `CAST("json ${i}"[${n + 1}] AS VARCHAR) AS ${column}`;
    }),
  );
  const texts = roots.flatMap(([, paths], i) => paths.map((path) => textOf(path, `json ${i}`)));
  const select = (list: readonly string[], of: string) => `(SELECT *, ${list.join(', ')} FROM ${of})`;
  const extract = roots.length === 0 ? from : select(texts, select(items, select(parsed, from)));
  const helpers = [
    ...roots.map((_, i) => `json ${i}`),
    ...[...extracted.values()].flatMap(({ name }) => [name, `${name} found`]),
  ];
  const excluded = helpers.length === 0 ? '' : ` EXCLUDE (${helpers.map(quoteName).join(', ')})`;
  return `(SELECT *${excluded}, ${columns.join(', ')} FROM ${extract})`;
}

/** The value of a path as text, of the JSON that DuckDB found. */
function textOf({ column, keys, name }: Extracted, parsed: string): string {
  const source = quoteName(column);
  const found = quoteName(`${name} found`);
  const exactly = `${SCALAR_FUNCTION}(${source}, ${quoteText(keys.join('\n'))})`;
  const key = `"${keys.at(-1) ?? ''}"`;
  const isWhole = `regexp_full_match(${found}, '-?[1-9][0-9]*')`;
  // The key is in the text once, and followed by the number as DuckDB writes it: so it is written there in the same way.
  const stands = [',', '}'].map((end) => {
    const label = quoteText(`${key}:`);
    return `contains(${source}, ${label} || ${found} || '${end}')`;
  });
  const once = `strlen(replace(${source}, ${quoteText(key)}, '')) = strlen(${source}) - ${Buffer.byteLength(key)}`;
  const isWritten = `regexp_matches(${found}, '^-?[0-9]') AND (${stands.join(' OR ')}) AND ${once} AND NOT contains(${source}, '\\')`;
  return `CASE
    WHEN ${source} IS NULL OR starts_with(${source}, '${BYTE_ORDER_MARK}') THEN NULL
    WHEN ${quoteName(parsed)} IS NULL THEN ${exactly}
    WHEN ${found} IS NULL OR ${found} = 'null' THEN NULL
    WHEN ${found}[1] = '"' THEN json_extract_string(${found}, '$')
    WHEN ${found}[1] IN ('{', '[') THEN NULL
    WHEN ${found} IN ('true', 'false') OR ${isWhole} OR (${isWritten}) THEN ${found}
    ELSE ${exactly} END AS ${quoteName(name)}`;
}
