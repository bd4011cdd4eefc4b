import { quoteName, quoteText } from '../../base/sql.ts';
import type { CuratedTable } from '../curatedTables.ts';

/** A call in the expression of a derived column. */
const CALL = /json_extract_scalar\("((?:[^"]|"")*)", '\$((?:\.[A-Za-z_][A-Za-z0-9_]*|\["[^"']*"\])+)'\)/g;
const STEP = /\.([A-Za-z_][A-Za-z0-9_]*)|\["([^"']*)"\]/g;

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
 * It is made of the expressions that views have in Athena's dialect, with the two functions replaced whose names or results
 * differ in DuckDB. Each JSON text is parsed once for all paths. The answers are Trino's for the JSON that the collector
 * writes: each key once, numbers as JavaScript writes them, and those that a double does not hold as they were sent.
 *
 * @param from The query, in parentheses.
 */
export function withDerivedColumns({ derived }: Pick<CuratedTable, 'derived'>, from: string): string {
  const extracted = new Map<string, Extracted>();
  const columns = derived.map(({ name, sql }) => {
    const expression = sql.replaceAll(CALL, (call, column: string, path: string) => {
      const found = extracted.get(call) ?? {
        column: column.replaceAll('""', '"'),
        keys: [...path.matchAll(STEP)].map(([, plain, quoted]) => plain ?? quoted ?? ''),
        // A name with a space, which no column has.
        name: `json value ${extracted.size}`,
      };
      extracted.set(call, found);
      return quoteName(found.name);
    });
    if (expression.includes('json_extract'))
      throw new RangeError(`${name} has a path that is not understood.`);
    return `${expression.replaceAll('regexp_like(', 'regexp_matches(')} AS ${quoteName(name)}`;
  });
  if (columns.length === 0) return from;
  const roots = [...Map.groupBy(extracted.values(), ({ column }) => column)];
  const parsed = roots.map(([column, paths], i) => {
    const list = paths.map(({ keys }) => quoteText(`$${keys.map((key) => `."${key}"`).join('')}`));
    return `TRY(json_extract(${quoteName(column)}, [${list.join(', ')}])) AS "json ${i}"`;
  });
  const items = roots.flatMap(([, paths], i) =>
    paths.map(({ name }, n) => `CAST("json ${i}"[${n + 1}] AS VARCHAR) AS ${quoteName(`${name} found`)}`),
  );
  const texts = roots.flatMap(([, paths]) => paths.map(textOf));
  const select = (list: readonly string[], of: string) => `(SELECT *, ${list.join(', ')} FROM ${of})`;
  const extract = roots.length === 0 ? from : select(texts, select(items, select(parsed, from)));
  const helpers = [
    ...roots.map((_, i) => `json ${i}`),
    ...[...extracted.values()].flatMap(({ name }) => [name, `${name} found`]),
  ];
  const excluded = helpers.length === 0 ? '' : ` EXCLUDE (${helpers.map(quoteName).join(', ')})`;
  return `(SELECT *${excluded}, ${columns.join(', ')} FROM ${extract})`;
}

/** The value of a path as text, of the JSON that DuckDB found: null for a list or an object. */
function textOf({ column, name }: Extracted): string {
  const source = quoteName(column);
  const found = quoteName(`${name} found`);
  // JavaScript writes 1e+21, where DuckDB says 1e21.
  const isExponent = `regexp_matches(${found}, '^-?[0-9.]+e[0-9]') AND NOT contains(${source}, ${found})`;
  return `CASE
    WHEN ${found} = 'null' OR ${found}[1] IN ('{', '[') THEN NULL
    WHEN ${found}[1] = '"' THEN json_extract_string(${found}, '$')
    WHEN ${isExponent} THEN replace(${found}, 'e', 'e+')
    ELSE ${found} END AS ${quoteName(name)}`;
}
