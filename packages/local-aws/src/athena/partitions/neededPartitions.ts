import { quoteText } from '../../base/sql.ts';
import type { StorageDescriptor, TableEntry } from '../../glue/index.ts';
import { partitionKeyValue } from '../engine/dataFiles.ts';
import {
  keyConditions,
  matchingRows,
  type PartitionedTable,
  prunePartitions,
  type TableScan,
} from '../engine/prunePartitions.ts';
import type { Session } from '../engine/Session.ts';
import { notEmulated, statementError } from '../engine/StatementError.ts';
import { STATEMENT_LIMITS } from '../engine/StatementRunner.ts';
import type { SessionColumn } from '../engine/tableSql.ts';
import { type Domain, intersection, readCondition } from '../explain/domains.ts';
import { isProjected, type Projection, readProjection } from './readProjection.ts';

/** A partition that can contain rows of a query's result. */
export interface NeededPartition {
  readonly values: readonly string[];
  readonly location: string;
  /** How its files are described, where Glue has the partition. */
  readonly descriptor: StorageDescriptor | undefined;
}

/**
 * The partitions that a query needs, by table: Glue's, or the projected ones.
 *
 * @param tables Partitioned tables by their names in DuckDB's plans: catalog, database and table, separated by dots.
 * @throws StatementError for a projection that is not valid or that the conditions leave too wide.
 */
export async function neededPartitions(
  session: Session,
  scans: readonly TableScan[],
  tables: readonly {
    readonly table: string;
    readonly keys: readonly SessionColumn[];
    readonly entry: TableEntry;
  }[],
): Promise<ReadonlyMap<string, readonly NeededPartition[]>> {
  const registered = tables
    .filter(({ entry }) => !isProjected(entry))
    .map(({ table, keys, entry }): PartitionedTable => {
      return { table, keys, values: entry.partitions.map(({ values }) => values.map(partitionKeyValue)) };
    });
  const selected = await prunePartitions(session, scans, registered);
  const needed = new Map<string, readonly NeededPartition[]>();
  for (const { table, keys, entry } of tables) {
    if (isProjected(entry)) {
      const projection = readProjection(entry, keys, session.now);
      // A scan of a table whose name the plan does not tell may be one of this table.
      const own = scans.flatMap((scan) => {
        if (scan.table === '') return [[]];
        return scan.table === table.replaceAll('"', '') ? [scan.conditions] : [];
      });
      // DuckDB leaves the scan out where no row can match.
      const found = await projectedValues(session, keys, projection, own);
      needed.set(
        table,
        found.map((values) => ({ values, location: projection.locationOf(values), descriptor: undefined })),
      );
      continue;
    }
    const indexes = selected.get(table);
    const own = entry.partitions.flatMap(({ values, input: { StorageDescriptor } }, index) =>
      indexes?.has(index) === false
        ? []
        : [{ values, location: StorageDescriptor?.Location ?? '', descriptor: StorageDescriptor }],
    );
    needed.set(table, own);
  }
  return needed;
}

/**
 * The values of the projected partitions that meet the conditions.
 *
 * @param scans The conditions of each scan of the table. A partition that any of them needs is there.
 * @throws StatementError CONSTRAINT_VIOLATION, NOT_SUPPORTED for too many, HIVE_INVALID_PARTITION_VALUE
 */
async function projectedValues(
  session: Session,
  keys: readonly SessionColumn[],
  projection: Projection,
  scans: readonly (readonly string[])[],
): Promise<readonly (readonly string[])[]> {
  const found = new Map<string, readonly string[]>();
  for (const conditions of scans) {
    for (const values of await valuesOfScan(session, keys, projection, conditions))
      found.set(scans.length === 1 ? String(found.size) : JSON.stringify(values), values);
  }
  return [...found.values()];
}

async function valuesOfScan(
  session: Session,
  keys: readonly SessionColumn[],
  projection: Projection,
  all: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const types = new Map(keys.map(({ name, trino }) => [name, trino]));
  const conditions = await keyConditions(session, all, new Set(types.keys()));
  const domains = new Map<string, Domain>();
  for (const { sql } of conditions) {
    const { column, domain } = readCondition(sql, (name) => types.get(name)) ?? {};
    if (column === undefined || domain === undefined) continue;
    const before = domains.get(column);
    domains.set(
      column,
      before === undefined ? domain : intersection(before, domain, types.get(column) ?? ''),
    );
  }
  let tuples: readonly (readonly string[])[] = [[]];
  for (const [index, key] of keys.entries()) {
    const values = projection.keys[index]?.values(domains.get(key.name)) ?? [];
    await assertValues(session, key, values);
    const own = conditions.filter((condition) => condition.keys.size === 1 && condition.keys.has(key.name));
    const rows = await matchingRows(
      session,
      [key],
      values.map((value) => [value]),
      own.map(({ sql }) => sql),
    );
    const left = rows === undefined ? values : values.filter((_, row) => rows.has(row));
    if (tuples.length * left.length > STATEMENT_LIMITS.projectedPartitions)
      throw notEmulated(
        `A projection of more than ${STATEMENT_LIMITS.projectedPartitions} partitions that the conditions leave`,
      );
    tuples = tuples.flatMap((tuple) => left.map((value) => [...tuple, value]));
  }
  const several = conditions.filter((condition) => condition.keys.size > 1).map(({ sql }) => sql);
  const rows = await matchingRows(session, keys, tuples, several);
  return rows === undefined ? tuples : tuples.filter((_, row) => rows.has(row));
}

/** Requires values of the key's type. The message is of Trino's HiveUtil. */
async function assertValues(session: Session, key: SessionColumn, values: readonly string[]): Promise<void> {
  if (key.type === 'VARCHAR') return;
  const list = `from_json(${quoteText(JSON.stringify(values))}, '["VARCHAR"]')`;
  const sql = `SELECT value FROM (SELECT unnest(${list}) AS value) WHERE TRY_CAST(value AS ${key.type}) IS NULL LIMIT 1`;
  const bad = (await session.read(sql)).getRowsJS()[0]?.[0];
  if (bad === undefined) return;
  throw statementError(
    'HIVE_INVALID_PARTITION_VALUE',
    `Invalid partition value '${String(bad)}' for ${key.trino} partition key: ${key.name}`,
  );
}
