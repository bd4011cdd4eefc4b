import {
  type Column,
  EntityNotFoundException,
  GetTableCommand,
  type Table as GlueTable,
  paginateGetPartitions,
  paginateGetTables,
} from '@aws-sdk/client-glue';
import { mapLimit } from '../../../lib/base/concurrency.ts';
import { defineErrorFamily } from '../../../lib/base/errors.ts';
import { isUtcDay, type UtcDay } from '../../../lib/base/time.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { forwardedKinds } from '../../../lib/schema/kinds.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import { ingestedTables } from '../../../lib/tables/ingestedTables.ts';
import { receivedHoursTable } from '../../../lib/tables/receivedHoursTable.ts';
import { partitionKey } from '../../../lib/tables/sharedColumns.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import type { Deployment } from '../../deployment.ts';

/** Errors of questions about tables. */
export const TablesError = defineErrorFamily('user', {
  SLUICE_TABLES_UNKNOWN: {
    cause: 'The database has no such table or view.',
    cure: '`sluice tables` lists the names. If the table is in the configuration, deploy it.',
  },
  SLUICE_TABLES_NO_DAYS: {
    cause: 'The table is not divided into days.',
    cure: '`sluice tables NAME` shows its columns.',
  },
});

/** The roles of tables, in the order of the data's way. Tables that neither Sluice nor the configuration knows are `other`. */
const ROLES = ['forwarded', 'quarantine', 'ingested', 'curated', 'groups', 'hours', 'view', 'other'] as const;

/** The role of a table. */
type TableRole = (typeof ROLES)[number];

/** A column of the catalog. */
interface TableColumn {
  /** Name of the column. */
  readonly name: string;
  /** Glue's name of the type: `string`, `timestamp`. */
  readonly type: string;
  /** What the column holds; empty if nobody wrote it. */
  readonly comment: string;
  /** Whether it is a partition key. */
  readonly isKey: boolean;
}

/** The registered days of a table. */
interface RegisteredDays {
  /** Number of days. */
  readonly count: number;
  /** The first day; null without any. */
  readonly first: UtcDay | null;
  /** The last day; null without any. */
  readonly last: UtcDay | null;
}

/** The dataset of an ingested table. */
interface TableDataset {
  /** Name of the source. */
  readonly source: string;
  /** Name of the dataset. */
  readonly name: string;
}

/** A table or view of the database. */
export interface TableSummary {
  /** Name of the table or view. */
  readonly name: string;
  /** Its role. */
  readonly kind: TableRole;
  /** What it holds; empty if nobody wrote it. */
  readonly description: string;
  /** Its columns, partition keys last. */
  readonly columns: readonly TableColumn[];
  /** `s3://…`, with a slash at its end; null for a view. */
  readonly location: string | null;
  /** Whether its partitions are days: it has the one key `ds`. */
  readonly hasDays: boolean;
  /** The registered days; null of a table without days. */
  readonly days: RegisteredDays | null;
  /** The dataset of an ingested table; null of another one. */
  readonly dataset: TableDataset | null;
}

/** The tables of the database. */
export interface TableList {
  /** Name of the database. */
  readonly database: string;
  /**
   * The tables in the order of the data's way: forwarded, quarantine, ingested, curated, groups, hours, views, others.
   */
  readonly tables: readonly TableSummary[];
}

/** The parts of a deployment by which Glue is asked. */
type Asked = Pick<Deployment, 'glue' | 'config' | 'signal'>;

/** Tables whose partitions are read in parallel. */
const PARALLEL = 8;

/**
 * All tables and views of the database.
 *
 * @throws What Glue's client throws.
 */
export async function listTables(deployment: Asked): Promise<TableList> {
  const { config } = deployment;
  const found = await readGlueTables(deployment);
  const tables = await mapLimit(found, PARALLEL, async (table): Promise<TableSummary> => {
    const summary = summaryOf(config, table);
    if (!summary.hasDays) return summary;
    const days = [...(await readPartitions(deployment, summary.name)).keys()].sort();
    return { ...summary, days: { count: days.length, first: days[0] ?? null, last: days.at(-1) ?? null } };
  });
  return {
    database: config.database,
    tables: tables.toSorted((a, b) => ROLES.indexOf(a.kind) - ROLES.indexOf(b.kind)),
  };
}

/** The tables and views of the database as Glue has them. @throws As {@link listTables}. */
export async function readGlueTables({ glue, config, signal }: Asked): Promise<readonly GlueTable[]> {
  const found: GlueTable[] = [];
  const listing = paginateGetTables(
    { client: glue },
    { DatabaseName: config.database },
    ...untilAborted(signal),
  );
  for await (const { TableList = [] } of listing) found.push(...TableList);
  return found;
}

/**
 * One table or view, without its days.
 *
 * @throws TablesError `SLUICE_TABLES_UNKNOWN`; what Glue's client throws.
 */
export async function findTable({ glue, config, signal }: Asked, name: string): Promise<TableSummary> {
  const asked = new GetTableCommand({ DatabaseName: config.database, Name: name.toLowerCase() });
  const { Table } = await glue.send(asked, ...untilAborted(signal)).catch((error: unknown) => {
    if (error instanceof EntityNotFoundException)
      throw new TablesError('SLUICE_TABLES_UNKNOWN', `${config.database}.${name}.`);
    throw error;
  });
  if (Table === undefined) throw new TablesError('SLUICE_TABLES_UNKNOWN', `${config.database}.${name}.`);
  return summaryOf(config, Table);
}

/**
 * The locations of the registered days of a table.
 *
 * @param days Only this range, both included. Default all.
 * @returns By day: `s3://…`, with a slash at its end.
 * @throws What Glue's client throws.
 */
export async function readPartitions(
  asked: Asked,
  table: string,
  days?: { readonly from: UtcDay; readonly to: UtcDay },
): Promise<ReadonlyMap<UtcDay, string>> {
  const made = await readMadePartitions(asked, table, days);
  return new Map([...made].map(([day, { location }]) => [day, location]));
}

/** A partition of a day as Glue has it. */
export interface MadePartition {
  /** `s3://…`, with a slash at its end. */
  readonly location: string;
  /** When the partition was made, ISO 8601; null if Glue does not say. */
  readonly madeAt: string | null;
}

/** The registered days of a table, with when they were made. @param days As of {@link readPartitions}. @throws What Glue's client throws. */
export async function readMadePartitions(
  { glue, config, signal }: Asked,
  table: string,
  days?: { readonly from: UtcDay; readonly to: UtcDay },
): Promise<ReadonlyMap<UtcDay, MadePartition>> {
  const found = new Map<UtcDay, MadePartition>();
  const key = partitionKey.name;
  const listing = paginateGetPartitions(
    { client: glue },
    {
      DatabaseName: config.database,
      TableName: table,
      ExcludeColumnSchema: true,
      ...(days === undefined ? {} : { Expression: `${key} >= '${days.from}' AND ${key} <= '${days.to}'` }),
    },
    ...untilAborted(signal),
  );
  for await (const { Partitions = [] } of listing)
    for (const { Values: [day = ''] = [], StorageDescriptor, CreationTime } of Partitions)
      if (isUtcDay(day))
        found.set(day, {
          location: folderUrl(StorageDescriptor?.Location ?? ''),
          madeAt: CreationTime?.toISOString() ?? null,
        });
  return found;
}

/** Options of an AWS client's call, as its last arguments. */
export function untilAborted(signal: AbortSignal | undefined): [] | [{ abortSignal: AbortSignal }] {
  return signal === undefined ? [] : [{ abortSignal: signal }];
}

/** A location with one slash at its end; empty if there is none. */
function folderUrl(location: string): string {
  return location === '' ? '' : location.replace(/\/*$/, '/');
}

/** A table or a view of the configuration. */
interface ExpectedTable {
  /** What it is. */
  readonly kind: TableRole;
  /** The dataset that it is made of; absent of what is not ingested. */
  readonly dataset?: TableSummary['dataset'];
}

/** The tables and views of the configuration, by name. */
function expectedTables(config: Config): ReadonlyMap<string, ExpectedTable> {
  return new Map<string, ExpectedTable>([
    ...forwardedKinds.map((forwardedKind) => [config.tables[forwardedKind], { kind: 'forwarded' }] as const),
    [config.tables.quarantine, { kind: 'quarantine' }],
    ...ingestedTables(config).map(
      ({ name, source, dataset }) =>
        [name, { kind: 'ingested', dataset: { source, name: dataset } }] as const,
    ),
    ...forwardedKinds.map(
      (forwardedKind) => [config.curatedTables[forwardedKind], { kind: 'curated' }] as const,
    ),
    [groupsTable.name, { kind: 'groups' }],
    [receivedHoursTable.name, { kind: 'hours' }],
    ...viewNames.map((name) => [name, { kind: 'view' }] as const),
  ]);
}

/** Columns of Glue as they are told. @param isKey Whether they are partition keys. */
function columnsOf(columns: readonly Column[] = [], isKey: boolean): readonly TableColumn[] {
  return columns.map(({ Name = '', Type = '', Comment = '' }) => {
    return { name: Name, type: Type, comment: Comment, isKey };
  });
}

/** A table of Glue as it is told, without its days. */
function summaryOf(config: Config, table: GlueTable): TableSummary {
  const { Name: name = '', Description = '', PartitionKeys = [], StorageDescriptor, TableType } = table;
  const isView = TableType === 'VIRTUAL_VIEW';
  const expected = expectedTables(config).get(name);
  return {
    name,
    kind: isView ? 'view' : (expected?.kind ?? 'other'),
    description: Description,
    columns: [...columnsOf(StorageDescriptor?.Columns, false), ...columnsOf(PartitionKeys, true)],
    location: isView ? null : folderUrl(StorageDescriptor?.Location ?? ''),
    hasDays: !isView && PartitionKeys.length === 1 && PartitionKeys[0]?.Name === partitionKey.name,
    days: null,
    dataset: expected?.dataset ?? null,
  };
}
