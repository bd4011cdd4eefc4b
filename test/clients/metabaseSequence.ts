import {
  type AthenaClient,
  CreatePreparedStatementCommand,
  DeletePreparedStatementCommand,
  GetPreparedStatementCommand,
  GetTableMetadataCommand,
  GetWorkGroupCommand,
  ListDataCatalogsCommand,
  ListWorkGroupsCommand,
  paginateListDatabases,
  paginateListTableMetadata,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import {
  CreateTableCommand,
  DeleteTableCommand,
  GetTableCommand,
  paginateGetDatabases,
  paginateGetTables,
} from '@aws-sdk/client-glue';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Config } from '../../lib/schema/config.ts';
import { answer, run, start } from '../harness/answer.ts';
import type { ReaderClients } from './openReaders.ts';
import type { Tried } from './Tried.ts';

/** Metabase puts it before every query. https://www.metabase.com/docs/latest/databases/connections/aws-athena */
const REMARK = '-- Metabase:: userID: 1 queryType: MBQL queryHash: 3fd2a5d1\n';
const CATALOG = 'AwsDataCatalog';

/** Fields of the form of a Metabase database. */
export interface MetabaseConnection {
  readonly workgroup: string;
  /** `s3_staging_dir` */
  readonly stagingDirectory: string;
}

/** A table as the sync finds it. */
export interface FoundTable {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
}

/** One of Metabase's queries, as the driver submits it: no database, for names carry theirs; results where the form says. */
export async function askMetabase(
  athena: AthenaClient,
  { workgroup, stagingDirectory }: MetabaseConnection,
  { sql, parameters }: Pick<Tried, 'sql' | 'parameters'>,
) {
  return await answer(athena, {
    QueryString: `${REMARK}${sql}`,
    QueryExecutionContext: { Catalog: CATALOG },
    WorkGroup: workgroup,
    ResultConfiguration: { OutputLocation: stagingDirectory },
    ...(parameters === undefined ? {} : { ExecutionParameters: [...parameters] }),
  });
}

/**
 * The sync as driver.athena's describe-database and describe-table drive Athena's JDBC driver: getSchemas, getTables of
 * each, getColumns of each, by Athena's own API (`MetadataRetrievalMethod=ProxyAPI`, which Metabase sets along with a
 * catalog) or by Glue's.
 * https://docs.aws.amazon.com/athena/latest/ug/jdbc-v3-driver-other-configuration.html#jdbc-v3-driver-metadata-retrieval-method
 */
export async function syncByAthena({ athena }: ReaderClients): Promise<readonly FoundTable[]> {
  await athena.send(new ListDataCatalogsCommand({}));
  const found: FoundTable[] = [];
  for await (const { DatabaseList = [] } of paginateListDatabases(
    { client: athena },
    { CatalogName: CATALOG },
  )) {
    for (const { Name: schema = '' } of DatabaseList) {
      const pages = paginateListTableMetadata(
        { client: athena },
        { CatalogName: CATALOG, DatabaseName: schema },
      );
      for await (const { TableMetadataList = [] } of pages)
        for (const { Name: name = '' } of TableMetadataList) {
          const { TableMetadata } = await athena.send(
            new GetTableMetadataCommand({ CatalogName: CATALOG, DatabaseName: schema, TableName: name }),
          );
          const { Columns = [], PartitionKeys = [] } = TableMetadata ?? {};
          const columns = [...Columns, ...PartitionKeys].map(({ Name, Type }) => `${Name} ${Type}`);
          found.push({ schema, name, columns });
        }
    }
  }
  return found;
}

/** The same by Glue's API. */
export async function syncByGlue({ glue }: ReaderClients): Promise<readonly FoundTable[]> {
  const found: FoundTable[] = [];
  for await (const { DatabaseList = [] } of paginateGetDatabases({ client: glue }, {})) {
    for (const { Name: schema = '' } of DatabaseList) {
      for await (const { TableList = [] } of paginateGetTables({ client: glue }, { DatabaseName: schema }))
        for (const { Name: name = '' } of TableList) {
          const { Table } = await glue.send(new GetTableCommand({ DatabaseName: schema, Name: name }));
          const { StorageDescriptor, PartitionKeys = [] } = Table ?? {};
          const columns = [...(StorageDescriptor?.Columns ?? []), ...PartitionKeys];
          found.push({ schema, name, columns: columns.map(({ Name, Type }) => `${Name} ${Type}`) });
        }
    }
  }
  return found;
}

/**
 * The driver's other calls: it lists the workgroups and reads the settings of its own, reads a result from S3 instead
 * of by pages, prepares a statement, and stops a query that is no longer wanted.
 *
 * @returns The result's object.
 */
export async function metabaseBesides(
  { athena, s3 }: ReaderClients,
  connection: MetabaseConnection,
): Promise<string> {
  await athena.send(new ListWorkGroupsCommand({}));
  await athena.send(new GetWorkGroupCommand({ WorkGroup: connection.workgroup }));
  const { location } = await askMetabase(athena, connection, { sql: 'SELECT 1 AS one' });
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location) ?? [];
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const prepared = { StatementName: 'by_user', WorkGroup: connection.workgroup };
  const QueryStatement = 'SELECT count(*) AS events FROM "sluice"."product_events" WHERE "user_id" = ?';
  await athena.send(new CreatePreparedStatementCommand({ ...prepared, QueryStatement }));
  await athena.send(new GetPreparedStatementCommand(prepared));
  await askMetabase(athena, connection, { sql: `EXECUTE by_user USING 'u1'` });
  await athena.send(new DeletePreparedStatementCommand(prepared));
  const id = await start(athena, { QueryString: 'SELECT 1', WorkGroup: connection.workgroup });
  await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
  return (await Body?.transformToString()) ?? '';
}

/**
 * Makes a view, and a table with its file in the folder where Athena puts the files of a query. The local Athena makes
 * views only, so the table is made by the calls of S3 and Glue that Athena makes for its caller.
 * https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html
 *
 * @returns The view's rows.
 */
export async function makeModel(
  { athena, glue, s3 }: ReaderClients,
  connection: MetabaseConnection,
  { bucket: Bucket }: Pick<Config, 'bucket'>,
) {
  const QueryString =
    "CREATE OR REPLACE VIEW models.purchases AS SELECT count(*) AS purchases, sum(value_number) AS revenue FROM sluice.product_events WHERE event_name = 'purchase'";
  await run(athena, { QueryString, WorkGroup: connection.workgroup });
  const prefix = connection.stagingDirectory.slice(`s3://${Bucket}/`.length);
  const folder = `${prefix}tables/0a1b/`;
  await s3.send(new PutObjectCommand({ Bucket, Key: `${folder}a.parquet`, Body: 'PAR1' }));
  await glue.send(
    new CreateTableCommand({
      DatabaseName: 'models',
      TableInput: {
        Name: 'by_day',
        TableType: 'EXTERNAL_TABLE',
        PartitionKeys: [],
        StorageDescriptor: {
          Columns: [{ Name: 'day', Type: 'date' }],
          Location: `s3://${Bucket}/${folder}`,
        },
      },
    }),
  );
  await glue.send(new DeleteTableCommand({ DatabaseName: 'models', Name: 'by_day' }));
  const { rows } = await askMetabase(athena, connection, { sql: 'SELECT * FROM "models"."purchases"' });
  return rows;
}
