import { GetDatabaseCommand, GetTableCommand, type Table as GlueTable } from '@aws-sdk/client-glue';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { catalog, curatedTableId } from '../../../infra/data/catalog.ts';
import { viewId, views as viewResources } from '../../../infra/data/views.ts';
import { logicalIds, tableId } from '../../../infra/template/Stack.ts';
import { valueAt } from '../../../lib/base/json.ts';
import { isUtcDay } from '../../../lib/base/time.ts';
import { curatedTables } from '../../../lib/curate/curatedTables.ts';
import type { CatalogPartition } from '../../../lib/landing/catalog/PartitionCatalog.ts';
import { dayLocation, findStalePartitions } from '../../../lib/landing/catalog/registerPartitions.ts';
import type { Config } from '../../../lib/schema/config.ts';
import { forwardedKinds, type TableKind, tableKinds } from '../../../lib/schema/kinds.ts';
import { deliveredTables } from '../../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../../lib/tables/groupsTable.ts';
import type { Column, Table } from '../../../lib/tables/Table.ts';
import {
  groupsFolder,
  groupsKey,
  ingestedTableFolder,
  tableFolder,
} from '../../../lib/tables/tableFolders.ts';
import { readCuratedDays } from '../../../lib/views/curatedViews.ts';
import { readPrestoView } from '../../../lib/views/prestoView.ts';
import type { View } from '../../../lib/views/View.ts';
import { viewNames } from '../../../lib/views/viewNames.ts';
import { views as viewsOf } from '../../../lib/views/views.ts';
import { type Finding, finding } from '../../findings/catalogue.ts';
import { checkEach, isAwsError } from '../askAws.ts';
import type { DoctorContext, TablePartitions } from '../DoctorContext.ts';
import { createDatabaseCommands, repairTableCommands } from '../repairCommands.ts';
import type { Check } from '../runChecks.ts';

/** The database of the tables: nothing else of the catalog can be read without it. */
export const database: Check = {
  name: 'database',
  expects: 'the Glue database exists',
  needs: ['stack'],
  blocks: ['SLUICE_DOCTOR_RESOURCE_MISSING'],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING'],
  permissions: ['glue:GetDatabase'],
  async run(doctor) {
    if (await readDatabase(doctor)) return [];
    const config = await doctor.config();
    const logicalId = logicalIds.database;
    const resource = templateCatalog(doctor, config)[logicalId];
    const commands = await createDatabaseCommands(doctor, { logicalId, resource });
    return [finding('SLUICE_DOCTOR_RESOURCE_MISSING', `The database ${config.database}.`, commands)];
  },
};

/** With an existing bucket, locations are texts; otherwise they are references to the template's bucket. */
function templateCatalog(doctor: DoctorContext, config: Config) {
  return catalog({
    config: { ...config, existing: { ...config.existing, bucket: true } },
    ...doctor.stack,
  });
}

/** The tables of the Glue catalog against the tables that are written: Athena and Firehose read their schema there. */
export const tables: Check = {
  name: 'tables',
  expects: 'the tables match what is written: columns, comments, order, partition key, location, format',
  needs: ['database'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_TABLE_DIFFERS'],
  permissions: ['glue:GetTable'],
  async run(doctor) {
    const config = await doctor.config();
    const resources = templateCatalog(doctor, config);
    const { glue } = await doctor.clients();
    const delivered = deliveredTables(config);
    const curated = curatedTables(config);
    const wanted: readonly WantedTable[] = [
      ...tableKinds.map((kind) => ({
        ...delivered[kind],
        logicalId: tableId(kind),
        folder: tableFolder(config, kind),
      })),
      ...forwardedKinds.map((kind) => ({
        ...curated[kind],
        logicalId: curatedTableId(kind),
        folder: ingestedTableFolder(config, curated[kind].name),
      })),
      { ...groupsTable, logicalId: logicalIds.groupsTable, folder: groupsFolder(config) },
    ];
    return checkEach(
      wanted,
      async (table) => {
        const { name, logicalId } = table;
        const made = { logicalId, resource: resources[logicalId] };
        try {
          const { Table } = await doctor.ask('glue:GetTable', () =>
            glue.send(new GetTableCommand({ DatabaseName: config.database, Name: name })),
          );
          const input = valueAt(made.resource, ['Properties', 'TableInput']);
          const { problems, mustReplace, isMinor } = judgeTable(
            Table ?? { Name: name },
            table,
            input,
            config,
          );
          if (problems.length === 0) return [];
          const commands = await repairTableCommands(doctor, made, mustReplace ? 'replace' : 'update');
          const detail = `${name}: ${problems.join('; ')}.`;
          return [finding('SLUICE_DOCTOR_TABLE_DIFFERS', detail, commands, isMinor ? 'warning' : 'problem')];
        } catch (error) {
          if (!isAwsError(error, 'EntityNotFoundException')) throw error;
          const commands = await repairTableCommands(doctor, made, 'create');
          return [
            finding(
              'SLUICE_DOCTOR_RESOURCE_MISSING',
              `The table or view ${config.database}.${name}.`,
              commands,
            ),
          ];
        }
      },
      (impossible) => impossible.finding,
    );
  },
};

/** The table that is expected. */
interface WantedTable extends Pick<Table, 'name' | 'columns'>, Partial<Pick<Table, 'partitionKey'>> {
  readonly logicalId: string;
  /** The folder of its rows in the bucket. */
  readonly folder: string;
}

/** Members of a table's input that determine how its files are read. */
const FORMAT = [
  ['TableType'],
  ['StorageDescriptor', 'InputFormat'],
  ['StorageDescriptor', 'OutputFormat'],
  ['StorageDescriptor', 'SerdeInfo', 'SerializationLibrary'],
] as const;

/** What differs in a table. */
interface TableDifference {
  readonly problems: readonly string[];
  /** Whether it has other partition keys, which cannot be changed. */
  readonly mustReplace: boolean;
  /** Whether only comments of columns differ, which readers show. */
  readonly isMinor: boolean;
}

/**
 * Compares a table with the expected one.
 *
 * @param input The `TableInput` of the template, which has the format.
 */
function judgeTable(
  there: GlueTable,
  wanted: WantedTable,
  input: unknown,
  { bucket }: Pick<Config, 'bucket'>,
): TableDifference {
  const columns = (there.StorageDescriptor?.Columns ?? []).map(columnOf);
  const keys = (there.PartitionKeys ?? []).map(columnOf);
  const { partitionKey } = wanted;
  const comments = [...wanted.columns, ...(partitionKey === undefined ? [] : [partitionKey])].filter(
    ({ name: column, comment }) => {
      const same = [...columns, ...keys].find((one) => one.name === column);
      return same !== undefined && same.comment !== comment;
    },
  );
  const key = partitionKey === undefined ? 'none' : `${partitionKey.name} ${partitionKey.type}`;
  const foundKey = keys.map((one) => `${one.name} ${one.type}`).join(', ') || 'none';
  const location = `s3://${bucket}/${wanted.folder}`;
  const foundLocation = there.StorageDescriptor?.Location ?? 'none';
  const differs = (what: string, found: unknown, expected: unknown) =>
    found === expected ? [] : [`${what}: got ${found ?? 'none'}, expected ${expected}`];
  const grave = [
    ...columnProblems(columns, wanted.columns),
    ...differs('partition key', foundKey, key),
    ...(foundLocation.replace(/\/?$/, '/') === location ? [] : differs('location', foundLocation, location)),
    ...FORMAT.flatMap((path) => differs(String(path.at(-1)), valueAt(there, path), valueAt(input, path))),
  ];
  return {
    problems: [
      ...grave,
      ...(comments.length === 0 ? [] : [`comments of ${comments.map((column) => column.name).join(', ')}`]),
    ],
    mustReplace: foundKey !== key,
    isMinor: grave.length === 0,
  };
}

/** A column of the catalog. Glue takes a column without a type for a string. */
function columnOf({
  Name = '',
  Type = 'string',
  Comment = '',
}: {
  readonly Name?: string | undefined;
  readonly Type?: string | undefined;
  readonly Comment?: string | undefined;
}) {
  return { name: Name, type: Type, comment: Comment };
}

/** How columns differ from the expected ones in name, type and order; empty if they do not. */
export function columnProblems(
  there: readonly { readonly name: string; readonly type: string }[],
  wanted: readonly Pick<Column, 'name' | 'type'>[],
): string[] {
  const types = new Map(there.map(({ name, type }) => [name, type]));
  const names = new Set<string>(wanted.map(({ name }) => name));
  const problems = wanted.flatMap(({ name, type }) => {
    const found = types.get(name);
    if (found === undefined) return [`${name} is missing`];
    return found === type ? [] : [`${name} is ${found}, expected ${type}`];
  });
  problems.push(...there.filter(({ name }) => !names.has(name)).map(({ name }) => `${name} is not expected`));
  if (problems.length > 0) return problems;
  const moved = wanted.find(({ name }, i) => there[i]?.name !== name);
  return moved === undefined ? [] : [`the order differs from ${moved.name} on`];
}

/** The views of the Glue catalog against the SQL of lib/views. */
export const views: Check = {
  name: 'views',
  expects: 'the views match lib/views',
  needs: ['database'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_RESOURCE_MISSING', 'SLUICE_DOCTOR_TABLE_DIFFERS'],
  permissions: ['glue:GetTable'],
  async run(doctor) {
    const config = await doctor.config();
    const { glue } = await doctor.clients();
    const wanted = viewsOf(config);
    const resources = viewResources({ config, ...doctor.stack });
    return checkEach(
      viewNames,
      async (name) => {
        const made = { logicalId: viewId(name), resource: resources[viewId(name)] };
        try {
          const { Table } = await doctor.ask('glue:GetTable', () =>
            glue.send(new GetTableCommand({ DatabaseName: config.database, Name: name })),
          );
          const findings = judgeView(config, Table ?? { Name: name }, wanted[name]);
          if (findings.length === 0) return [];
          const commands = await repairTableCommands(doctor, made, 'update');
          return findings.map((one) => ({ ...one, commands }));
        } catch (error) {
          if (!isAwsError(error, 'EntityNotFoundException')) throw error;
          const commands = await repairTableCommands(doctor, made, 'create');
          return [
            finding(
              'SLUICE_DOCTOR_RESOURCE_MISSING',
              `The table or view ${config.database}.${name}.`,
              commands,
            ),
          ];
        }
      },
      (impossible) => impossible.finding,
    );
  },
};

/** Compares the SQL and the columns of a view with the expected ones. Which days it reads from curated tables may vary. */
function judgeView(config: Config, there: GlueTable, wanted: View): Finding[] {
  const problems = columnProblems((there.StorageDescriptor?.Columns ?? []).map(columnOf), wanted.columns);
  const read = readPrestoView(there.ViewOriginalText ?? '');
  if (read === null) problems.unshift('it is not an Athena view');
  else if (readCuratedDays(config, wanted.name, read.originalSql) === null)
    problems.unshift('its SQL differs');
  return problems.length === 0
    ? []
    : [finding('SLUICE_DOCTOR_TABLE_DIFFERS', `${wanted.name}: ${problems.join('; ')}.`)];
}

/** Days that a finding names; the others are counted. */
const NAMED_DAYS = 5;

/** The partitions against the folders of days: no query reads a day in S3 without a partition. */
export const partitions: Check = {
  name: 'partitions',
  expects:
    'each day with files has a partition, and each partition has the folder of its day and the columns of its table',
  needs: ['database', 'bucket'],
  blocks: [],
  codes: ['SLUICE_STATUS_PARTITION_WRONG'],
  permissions: ['s3:ListBucket', 'glue:GetPartitions', 'glue:GetTable'],
  run: async (doctor) => {
    const config = await doctor.config();
    const found = await checkEach(
      tableKinds,
      async (kind) => {
        const read = await doctor.tablePartitions(kind);
        return read === undefined ? [] : judgePartitions(read, config, kind);
      },
      (impossible) => impossible.finding,
    );
    const { problems } = await doctor.status();
    return [...problems.filter(({ code }) => code === 'SLUICE_STATUS_PARTITION_WRONG'), ...found];
  },
};

/** Compares a table's partitions with the folders of their days, and with the columns of the table. */
function judgePartitions(
  { table, partitions: all }: TablePartitions,
  config: Pick<Config, 'bucket' | 'statsigFolder' | 'tables'>,
  kind: TableKind,
): Finding[] {
  const ours = all.filter(({ values: [day = ''] }) => isUtcDay(day));
  const dayOf = ({ values: [day = ''] }: CatalogPartition) => day;
  const inPlace = ours.filter(
    (partition) =>
      partition.storage.Location?.replace(/\/?$/, '/') ===
      dayLocation(config, config.bucket, kind, dayOf(partition)),
  );
  const misplaced = ours.filter((partition) => !inPlace.includes(partition)).map(dayOf);
  const found = (what: string, days: readonly string[]) =>
    days.length === 0
      ? []
      : [finding('SLUICE_STATUS_PARTITION_WRONG', `${table.name}: ${what}: ${listed(days)}.`)];
  return [
    ...found('another folder', misplaced),
    ...found('an earlier set of columns', findStalePartitions(table, inPlace).map(dayOf)),
  ];
}

function listed(days: readonly string[]): string {
  const named = days.slice(0, NAMED_DAYS).join(', ');
  return days.length > NAMED_DAYS ? `${named} and ${days.length - NAMED_DAYS} more` : named;
}

/** Whether holdouts are known: events do not say which gates are holdouts. */
export const holdouts: Check = {
  name: 'holdouts',
  expects: 'holdouts are known by name, from the configuration or from pulled specs',
  needs: ['bucket'],
  blocks: [],
  codes: ['SLUICE_DOCTOR_NAMES_UNKNOWN'],
  permissions: ['s3:ListBucket'],
  async run(doctor) {
    const config = await doctor.config();
    if (config.holdouts !== null) return [];
    const key = groupsKey(config);
    const { s3 } = await doctor.clients();
    const listing = new ListObjectsV2Command({ Bucket: config.bucket, Prefix: key, MaxKeys: 1 });
    const { Contents = [] } = await doctor.ask('s3:ListBucket', () => s3.send(listing));
    if (Contents.some(({ Key, Size }) => Key === key && Size !== 0)) return [];
    const missing = `\`holdouts\` is not in the configuration, and there is no s3://${config.bucket}/${key}.`;
    return [finding('SLUICE_DOCTOR_NAMES_UNKNOWN', missing)];
  },
};

/** Whether the database of the tables exists. */
export async function readDatabase(doctor: DoctorContext): Promise<boolean> {
  const { database } = await doctor.config();
  const { glue } = await doctor.clients();
  try {
    await doctor.ask('glue:GetDatabase', () => glue.send(new GetDatabaseCommand({ Name: database })));
    return true;
  } catch (error) {
    if (isAwsError(error, 'EntityNotFoundException')) return false;
    throw error;
  }
}
