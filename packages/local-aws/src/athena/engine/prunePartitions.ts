import { quoteName } from '../../../../../lib/sql/quoteName.ts';
import { quoteText } from '../../../../../lib/sql/quoteText.ts';
import { isAboutKeys } from './isAboutKeys.ts';
import type { Session } from './Session.ts';
import { scanFilters } from './scanFilters.ts';
import type { SessionColumn } from './tableSql.ts';

/** A partitioned table whose partitions a statement may want. */
export interface Partitioned {
  /** As DuckDB's plans name it: catalog, database and table with dots between. */
  readonly table: string;
  readonly keys: readonly SessionColumn[];
  readonly values: readonly (readonly (string | null)[])[];
}

/**
 * What DuckDB must not do to the plan: conclude from the statistics of empty tables that there is nothing to look
 * for, or read a table twice, the second time by row numbers.
 */
const MISLEADING = 'statistics_propagation,empty_result_pullup,join_filter_pushdown,late_materialization';

/** What no key is called: Glue takes no line break in a name. */
const INDEX = '"partition\n"';

/**
 * Which partitions of each table a query can want any row of, as its filters say, through views and joins too: the
 * plan of the query over empty tables tells the filters that reach each scan, and DuckDB itself which partitions
 * they hold for.
 *
 * @returns By table the indexes of its partitions; a table that is missing is wanted whole.
 */
export async function prunePartitions(
  session: Session,
  sql: string,
  tables: readonly Partitioned[],
): Promise<ReadonlyMap<string, ReadonlySet<number>>> {
  if (tables.length === 0) return new Map();
  await session.run(`SET disabled_optimizers = '${MISLEADING}'`);
  const plan = (await session.read(`EXPLAIN (FORMAT json) ${sql}`)).getRowsJS()[0]?.[1];
  await session.run('RESET disabled_optimizers');
  const scans = scanFilters(String(plan));
  const wanted = new Map<string, ReadonlySet<number>>();
  for (const [index, partitioned] of tables.entries()) {
    const conditions = scans
      .filter(({ table }) => table === partitioned.table)
      .map((scan) => scan.conditions);
    if (conditions.length === 0 || partitioned.values.length === 0) continue;
    const name = `memory.main.partitions_${index}`;
    await session.run(partitionTable(name, partitioned));
    const sets: (ReadonlySet<number> | undefined)[] = [];
    const keys = new Set(partitioned.keys.map((key) => key.name));
    for (const all of conditions) sets.push(await matching(session, name, keys, all));
    // A table that is read twice is wanted for either reading.
    const known = sets.filter((set) => set !== undefined);
    if (known.length === sets.length) {
      wanted.set(
        partitioned.table,
        known.reduce((left, right) => left.union(right)),
      );
    }
  }
  return wanted;
}

/** The partitions that all conditions about keys hold for; undefined when no condition is. */
async function matching(
  session: Session,
  table: string,
  keys: ReadonlySet<string>,
  conditions: readonly string[],
): Promise<Set<number> | undefined> {
  let found: Set<number> | undefined;
  for (const condition of conditions) {
    if (/[#;]|--|\/\*|SUBQUERY/.test(condition)) continue;
    try {
      if (!(await isAboutKeys(session, condition, keys))) continue;
      const reader = await session.read(`SELECT ${INDEX} FROM ${table} WHERE (${condition})`);
      const set = new Set(reader.getRowsJS().map(([index]) => Number(index)));
      found = found === undefined ? set : found.intersection(set);
    } catch {
      // It fails for a value of a key, or is no SQL: it says nothing about partitions.
    }
  }
  return found;
}

function partitionTable(name: string, { keys, values }: Partitioned): string {
  const columns = keys.map((key) => `${quoteName(key.name)} ${key.type}`).join(', ');
  const rows = values.map(
    (row, index) =>
      `(${[String(index), ...row.map((value) => (value === null ? 'NULL' : quoteText(value)))].join(', ')})`,
  );
  return `CREATE TABLE ${name} (${INDEX} INTEGER, ${columns}); INSERT INTO ${name} VALUES ${rows.join(', ')}`;
}
