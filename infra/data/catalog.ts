import { hash } from 'node:crypto';
import { databaseArns } from '../../lib/access/arns.ts';
import { curatedTables } from '../../lib/curate/curatedTables.ts';
import { forwardedKinds, type TableKind, tableKinds } from '../../lib/schema/kinds.ts';
import { deliveredTables } from '../../lib/tables/deliveredTables.ts';
import { groupsTable } from '../../lib/tables/groupsTable.ts';
import { type IngestedTable, ingestedTables } from '../../lib/tables/ingestedTables.ts';
import { receivedHoursTable } from '../../lib/tables/receivedHoursTable.ts';
import type { Column, Table } from '../../lib/tables/Table.ts';
import {
  groupsFolder,
  ingestedTableFolder,
  receivedHoursFolder,
  tableFolder,
} from '../../lib/tables/tableFolders.ts';
import {
  arn,
  PSEUDO_PARAMETERS,
  type Resource,
  type Resources,
  ref,
  sub,
  type Value,
} from '../template/Resource.ts';
import { idOf, logicalIds, RETAINED, type Stack, tableId } from '../template/Stack.ts';
import { s3Location } from './bucket.ts';

/**
 * The logical ID of a dataset's table, e.g. `AcmeWebEventsIngestedTable`. Logical IDs have no underscores, so a digest
 * keeps `a_1` and `a1` apart.
 */
function ingestedTableId({ name }: Pick<IngestedTable, 'name'>): string {
  const digest = /_(?![a-z])/.test(name) ? hash('sha256', name).slice(0, 8) : '';
  return idOf(name, `${digest}IngestedTable`);
}

/**
 * The Glue database, with a table for each kind, each dataset, the experiment groups, the received hours and the
 * curated days of each forwarded kind, and Statsig's staging database. lib/tables and lib/curate have the columns.
 * Databases and tables with partitions are retained when the stack is deleted, because their partitions would be lost.
 *
 * Nothing is lost with the other tables: those of experiment groups and of received hours have no partitions, and those
 * of curated days are made again from the raw days. A rollback to a release without them deletes them, so that their
 * names are free when the stack is upgraded again.
 */
export function catalog(stack: Stack): Resources {
  const { config } = stack;
  const tables = deliveredTables(config);
  const curated = curatedTables(config);
  return {
    ...(config.existing.database
      ? {}
      : {
          [logicalIds.database]: glueDatabase(
            config.database,
            'Raw exposures and events of Statsig SDKs, and what was refused, landed by Sluice',
          ),
        }),
    ...(config.existing.stagingDatabase
      ? {}
      : {
          [logicalIds.stagingDatabase]: glueDatabase(
            config.athena.stagingDatabase,
            'Tables that Statsig makes of the others and drops again',
          ),
        }),
    ...Object.fromEntries(
      tableKinds.map((kind) => [
        tableId(kind),
        { ...glueTable(stack, tables[kind], tableFolder(config, kind)), ...RETAINED },
      ]),
    ),
    ...Object.fromEntries(
      ingestedTables(config).map((table) => [
        ingestedTableId(table),
        { ...glueTable(stack, table, ingestedTableFolder(config, table.name)), ...RETAINED },
      ]),
    ),
    ...Object.fromEntries(
      forwardedKinds.map((kind) => [
        `Curated${tableId(kind)}`,
        glueTable(stack, curated[kind], ingestedTableFolder(config, curated[kind].name)),
      ]),
    ),
    [logicalIds.groupsTable]: glueTable(stack, groupsTable, groupsFolder(config), JSON_LINES),
    ...(config.reconcile && {
      [logicalIds.receivedHoursTable]: glueTable(
        stack,
        receivedHoursTable,
        receivedHoursFolder(config),
        JSON_LINES,
      ),
    }),
  };
}

/** A Glue database. It is retained when the stack is deleted, because it may have tables and views. */
export function glueDatabase(name: string, description: string): Resource {
  return {
    Type: 'AWS::Glue::Database',
    ...RETAINED,
    Properties: {
      CatalogId: ref('AWS::AccountId'),
      DatabaseInput: databaseInput(name, description),
    },
  };
}

/**
 * A database whose tables are left to IAM, whatever the account's settings of Lake Formation say about new tables.
 * Without this setting, in an account whose defaults are empty, nobody could use a table that is made later. Access to
 * the database itself follows the account.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-glue-database-databaseinput.html and
 * https://docs.aws.amazon.com/lake-formation/latest/dg/change-settings.html
 */
function databaseInput(name: string, description: string): Value {
  return {
    Name: name,
    Description: description,
    CreateTableDefaultPermissions: [
      { Principal: { DataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' }, Permissions: ['ALL'] },
    ],
  };
}

/** How rows are read: the classes of Hive that Athena expects. */
interface RowFormat {
  /** Parameters of the table that name the format. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The class that reads files. */
  readonly input: string;
  /** The class that writes files. */
  readonly output: string;
  /** The class that makes rows of what is read. */
  readonly serde: string;
  /** Whether files are compressed inside, as Parquet is. */
  readonly isCompressed: boolean;
}

/** The format of Parquet files, https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html */
const PARQUET: RowFormat = {
  parameters: { classification: 'parquet', 'parquet.compression': 'ZSTD' },
  input: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  output: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  serde: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
  isCompressed: true,
};

/**
 * The format of objects in which every line is a row:
 * https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
 */
const JSON_LINES: RowFormat = {
  parameters: { classification: 'json' },
  input: 'org.apache.hadoop.mapred.TextInputFormat',
  output: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  serde: 'org.openx.data.jsonserde.JsonSerDe',
  isCompressed: false,
};

/** A table of files in a folder. */
function glueTable(
  stack: Stack,
  table: Pick<Table, 'name' | 'comment' | 'columns'> & { readonly partitionKey?: Column },
  folder: string,
  { parameters, input, output, serde, isCompressed }: RowFormat = PARQUET,
): Resource {
  const { name, comment, columns, partitionKey } = table;
  return {
    Type: 'AWS::Glue::Table',
    Properties: {
      CatalogId: ref('AWS::AccountId'),
      DatabaseName: databaseName(stack),
      TableInput: {
        Name: name,
        Description: comment,
        TableType: 'EXTERNAL_TABLE',
        Parameters: { EXTERNAL: 'TRUE', ...parameters },
        PartitionKeys: partitionKey === undefined ? [] : [glueColumn(partitionKey)],
        StorageDescriptor: {
          Columns: columns.map(glueColumn),
          Location: s3Location(stack, folder),
          InputFormat: input,
          OutputFormat: output,
          SerdeInfo: { SerializationLibrary: serde, Parameters: { 'serialization.format': '1' } },
          Compressed: isCompressed,
          StoredAsSubDirectories: false,
        },
      },
    },
  };
}

/** A column as Glue takes it. */
export function glueColumn(column: Pick<Column, 'name' | 'type' | 'comment'>): Value {
  return { Name: column.name, Type: column.type, Comment: column.comment };
}

/** Name of the Glue database of the tables, whether the stack creates it or it exists already. */
export function databaseName({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.database ? config.database : ref(logicalIds.database);
}

/** Name of the Glue database of the tables, in the notation of `Fn::Sub`. */
function databaseText({ config }: Pick<Stack, 'config'>): string {
  return config.existing.database ? config.database : `\${${logicalIds.database}}`;
}

/** Name of the Glue database that Statsig stages in, whether the stack creates it or it exists already. */
export function stagingDatabaseName({ config }: Pick<Stack, 'config'>): Value {
  return config.existing.stagingDatabase ? config.athena.stagingDatabase : ref(logicalIds.stagingDatabase);
}

/**
 * The ARNs that a policy must name to allow an action on tables. Glue also checks the catalog and the database.
 * https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html
 */
export function catalogArns(stack: Pick<Stack, 'config'>, kinds: readonly TableKind[]): Value[] {
  return tableArns(
    stack,
    kinds.map((kind) => `\${${tableId(kind)}}`),
  );
}

/**
 * The ARNs that a policy must name to allow an action on tables, which are given by name.
 *
 * @param tables Names of tables, or patterns of names, in the notation of `Fn::Sub`.
 */
export function tableArns(stack: Pick<Stack, 'config'>, tables: readonly string[]): Value[] {
  const database = databaseText(stack);
  return [
    ...databaseArns(PSEUDO_PARAMETERS, database).map(sub),
    ...tables.map((table) => arn('glue', `table/${database}/${table}`)),
  ];
}
