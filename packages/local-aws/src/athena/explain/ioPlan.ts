import type { TableEntry } from '../../glue/index.ts';
import { partitionKeyValue } from '../engine/dataFiles.ts';
import type { TableScan } from '../engine/prunePartitions.ts';
import { sessionColumns } from '../engine/QueryScope.ts';
import { CATALOG, type Session } from '../engine/Session.ts';
import { neededPartitions } from '../partitions/neededPartitions.ts';
import { type Domain, domainOf, intersection, readCondition, simplified } from './domains.ts';

/** A table of Glue in a plan. */
interface PlanTable {
  readonly database: string;
  readonly name: string;
}

/** What Trino estimates without statistics of the tables. */
const ESTIMATE = {
  outputRowCount: 'NaN',
  outputSizeInBytes: 'NaN',
  cpuCost: 'NaN',
  maxMemory: 'NaN',
  networkCost: 'NaN',
};

/**
 * The plan of `EXPLAIN (TYPE IO)`: which tables a statement reads and what it needs of each, in Trino's form. Clients
 * find the sources of a query in it. https://trino.io/docs/current/sql/explain.html#explain-type-io
 *
 * @param options.scans The scans of its plan.
 * @param options.find Looks up a table; undefined when there is none.
 * @param options.output The table that the statement writes to.
 */
export async function ioPlan(options: {
  readonly session: Session;
  readonly scans: readonly TableScan[];
  readonly find: (database: string, name: string) => TableEntry | undefined;
  readonly output?: PlanTable | undefined;
}): Promise<object> {
  const { session, scans, find, output } = options;
  const entries = new Map<string, TableEntry>();
  for (const { table } of scans) {
    const [catalog, database = '', ...rest] = table.split('.');
    const entry = catalog === CATALOG ? find(database, rest.join('.')) : undefined;
    if (entry !== undefined) entries.set(table, entry);
  }
  const partitions = await partitionDomains(session, scans, entries);
  const infos: object[] = [];
  const seen = new Set<string>();
  for (const { table, conditions } of scans) {
    const entry = entries.get(table);
    if (entry === undefined) continue;
    const info = {
      table: tableDocument({ database: entry.databaseName, name: entry.input.Name }),
      constraint: constraintDocument(entry, conditions, partitions.get(table) ?? new Map()),
      estimate: ESTIMATE,
    };
    // A set: a table that is scanned twice alike is listed once.
    const text = JSON.stringify(info);
    if (!seen.has(text)) infos.push(info);
    seen.add(text);
  }
  return {
    inputTableColumnInfos: infos,
    ...(output === undefined ? {} : { outputTable: tableDocument(output) }),
    estimate: ESTIMATE,
  };
}

function tableDocument({ database, name }: PlanTable) {
  return { catalog: CATALOG, schemaTable: { schema: database, table: name } };
}

function columnsOf({ input }: TableEntry) {
  const keys = sessionColumns(input.PartitionKeys);
  return { keys, all: [...sessionColumns(input.StorageDescriptor?.Columns), ...keys] };
}

/** The values that the keys have in the partitions that the query needs, by table and key. */
async function partitionDomains(
  session: Session,
  scans: readonly TableScan[],
  entries: ReadonlyMap<string, TableEntry>,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Domain>>> {
  const partitioned = [...entries].flatMap(([table, entry]) => {
    const { keys } = columnsOf(entry);
    return keys.length === 0 ? [] : [{ table, keys, entry }];
  });
  const needed = await neededPartitions(session, scans, partitioned);
  return new Map(
    partitioned.map(({ table, keys }) => {
      const selected = (needed.get(table) ?? []).map(({ values }) => values.map(partitionKeyValue));
      const domains = keys.map(({ name, trino }, index): [string, Domain] => {
        const own = selected.map((row) => row[index] ?? null);
        const known = own.filter((value) => value !== null);
        return [name, { ...domainOf(known, trino), nullsAllowed: known.length < own.length }];
      });
      return [table, new Map(domains)];
    }),
  );
}

function constraintDocument(
  entry: TableEntry,
  conditions: readonly string[],
  partitions: ReadonlyMap<string, Domain>,
) {
  const { all } = columnsOf(entry);
  const types = new Map(all.map(({ name, trino }) => [name, trino]));
  const domains = new Map(partitions);
  for (const condition of conditions) {
    const found = readCondition(condition, (column) => types.get(column));
    if (found === undefined) continue;
    const { column, domain } = found;
    const before = domains.get(column);
    domains.set(
      column,
      before === undefined ? domain : intersection(before, domain, types.get(column) ?? ''),
    );
  }
  const isNone = [...domains.values()].some(
    ({ ranges, nullsAllowed }) => ranges.length === 0 && !nullsAllowed,
  );
  return {
    none: isNone,
    columnConstraints: isNone
      ? []
      : [...domains].map(([columnName, domain]) => ({
          columnName,
          type: types.get(columnName),
          domain: simplified(domain),
        })),
  };
}
