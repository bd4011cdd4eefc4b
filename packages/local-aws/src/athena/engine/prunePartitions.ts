import { quoteName, quoteText } from '../../base/sql.ts';
import { partitionKeyValue, type TableEntry } from '../../glue/index.ts';
import type { TableScan } from './readScanFilters.ts';
import type { Session } from './Session.ts';
import type { SessionColumn } from './tableSql.ts';

/** A name that no key can have: Glue rejects line breaks in names. */
const INDEX_COLUMN = '"partition\n"';

/** The table with the values of the keys, a row a partition. No table of a query can have its name. */
const PARTITION_TABLE = 'memory.main."partitions\n"';

/** A partition that can contain rows of a query's result. */
export interface NeededPartition {
  /** The values of its keys, in the order of the table's partition keys. */
  readonly values: readonly string[];
  /** Its `s3://` location. */
  readonly location: string;
}

/**
 * The partitions of a table that can contain rows of a query's result: DuckDB evaluates the filters of each scan for the
 * partition values.
 *
 * @param table The table's name in DuckDB's plans: catalog, database and table, separated by dots.
 */
export async function neededPartitions(
  session: Session,
  scans: readonly TableScan[],
  {
    table,
    keys,
    entry,
  }: { readonly table: string; readonly keys: readonly SessionColumn[]; readonly entry: TableEntry },
): Promise<readonly NeededPartition[]> {
  const values = entry.partitions.map((partition) => partition.values.map(partitionKeyValue));
  const names = new Set(keys.map((key) => key.name));
  const sets: (ReadonlySet<number> | undefined)[] = [];
  for (const scan of scans.filter((scanned) => scanned.table === table))
    sets.push(
      await matchingRows(session, keys, values, await keyConditions(session, scan.conditions, names)),
    );
  // A table that is read twice needs the partitions of both scans.
  const known = sets.filter((set) => set !== undefined);
  const needed =
    known.length === 0 || known.length < sets.length
      ? undefined
      : known.reduce((left, right) => left.union(right));
  return entry.partitions.flatMap(({ values: texts, input: { StorageDescriptor } }, index) =>
    needed?.has(index) === false ? [] : [{ values: texts, location: StorageDescriptor?.Location ?? '' }],
  );
}

/**
 * The conditions of a scan that use partition keys only, and at least one.
 *
 * @param keys Names in lower case.
 */
async function keyConditions(
  session: Session,
  conditions: readonly string[],
  keys: ReadonlySet<string>,
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const sql of conditions) {
    if (/[#;]|--|\/\*|SUBQUERY/.test(sql)) continue;
    try {
      const used = await usedKeys(session, sql, keys);
      if (used !== undefined && used.size > 0) found.push(sql);
    } catch {
      // The condition is not SQL, so it cannot exclude partitions.
    }
  }
  return found;
}

/**
 * The rows of partition values that meet all conditions, by their indexes; undefined when there is no condition.
 *
 * @param conditions The conditions in SQL. A condition that fails for some values excludes none.
 */
async function matchingRows(
  session: Session,
  keys: readonly SessionColumn[],
  rows: readonly (readonly (string | null)[])[],
  conditions: readonly string[],
): Promise<ReadonlySet<number> | undefined> {
  if (conditions.length === 0 || rows.length === 0) return undefined;
  await session.run(partitionTable(keys, rows));
  let found: ReadonlySet<number> | undefined;
  for (const condition of conditions) {
    try {
      const reader = await session.read(
        `SELECT ${INDEX_COLUMN} FROM ${PARTITION_TABLE} WHERE (${condition})`,
      );
      const set = new Set(reader.getRowsJS().map(([index]) => Number(index)));
      found = found === undefined ? set : found.intersection(set);
    } catch {
      // The condition fails for some value, so it cannot exclude partitions.
    }
  }
  await session.run(`DROP TABLE ${PARTITION_TABLE}`);
  return found;
}

/** SQL that creates the table of the values: one text of JSON, as DuckDB takes seconds to parse thousands of rows. */
function partitionTable(
  keys: readonly SessionColumn[],
  rows: readonly (readonly (string | null)[])[],
): string {
  const casts = keys.map(
    ({ name, type }, index) => `CAST(value[${index + 1}] AS ${type}) AS ${quoteName(name)}`,
  );
  const list = `from_json(${quoteText(JSON.stringify(rows))}, '[["VARCHAR"]]')`;
  const numbered = `SELECT unnest(list) AS value, generate_subscripts(list, 1) - 1 AS ${INDEX_COLUMN} FROM (SELECT ${list} AS list)`;
  return `CREATE TABLE ${PARTITION_TABLE} AS SELECT ${[INDEX_COLUMN, ...casts].join(', ')} FROM (${numbered})`;
}

/**
 * The partition keys that a condition in a plan names, where it holds either for all rows of a partition or for none:
 * it uses no other columns. Athena's volatile functions, as `random`, are not emulated.
 *
 * @param keys Names in lower case.
 */
async function usedKeys(
  session: Session,
  condition: string,
  keys: ReadonlySet<string>,
): Promise<ReadonlySet<string> | undefined> {
  const text = quoteText(`SELECT 1 WHERE (${condition})`);
  const parsed = (await session.read(`SELECT json_serialize_sql(${text})`)).getRowsJS()[0]?.[0];
  const tree: unknown = JSON.parse(String(parsed));
  const used = new Set<string>();
  let otherTerms = 0;
  const visit = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return;
    if ('column_names' in node && Array.isArray(node.column_names)) {
      const [name, ...qualifiers] = node.column_names;
      const isKey = typeof name === 'string' && qualifiers.length === 0 && keys.has(name.toLowerCase());
      if (isKey) used.add(name.toLowerCase());
      else otherTerms += 1;
    }
    // Text that is not a condition is serialized as an error.
    if ('error' in node && node.error === true) otherTerms += 1;
    if ('class' in node && (node.class === 'SUBQUERY' || node.class === 'WINDOW')) otherTerms += 1;
    for (const child of Object.values(node)) visit(child);
  };
  visit(tree);
  return otherTerms === 0 ? used : undefined;
}
