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
import { type Answer, answer, run, start } from '../harness/answer.ts';
import type { ReaderClients } from './openReaders.ts';
import type { Tried } from './Tried.ts';

/** Metabase puts it before every query. https://www.metabase.com/docs/latest/databases/connections/aws-athena */
const REMARK = '-- Metabase:: userID: 1 queryType: MBQL queryHash: 3fd2a5d1\n';
/** The catalogue that every account has, Glue's. */
const CATALOG = 'AwsDataCatalog';

/** Fields of the form of a Metabase database. */
interface MetabaseConnection {
  readonly workgroup: string;
  /** `s3_staging_dir`: `s3://` with a bucket and a folder. */
  readonly stagingDirectory: string;
}

/** A table as the sync finds it. */
interface FoundTable {
  /** The database. */
  readonly schema: string;
  readonly name: string;
  /** Each one's name and type. */
  readonly columns: readonly string[];
}

/** One of Metabase's queries, as the driver submits it: without a database, which its names have, and with the form's staging directory. */
export async function askMetabase(
  athena: AthenaClient,
  { workgroup, stagingDirectory }: MetabaseConnection,
  { sql, parameters }: Pick<Tried, 'sql' | 'parameters'>,
): Promise<Answer> {
  return await answer(athena, {
    QueryString: `${REMARK}${sql}`,
    QueryExecutionContext: { Catalog: CATALOG },
    WorkGroup: workgroup,
    ResultConfiguration: { OutputLocation: stagingDirectory },
    ...(parameters === undefined ? {} : { ExecutionParameters: [...parameters] }),
  });
}

/** The API by which the sync reads the catalogue. */
interface MetadataApi {
  /** The names of all databases. */
  readonly schemas: () => AsyncIterable<string>;
  /** The names of a database's tables. */
  readonly tables: (schema: string) => AsyncIterable<string>;
  /** The columns of a table, those of its partitions last. */
  readonly columns: (
    schema: string,
    table: string,
  ) => Promise<readonly { readonly Name?: string | undefined; readonly Type?: string | undefined }[]>;
}

/**
 * The sync as driver.athena's describe-database and describe-table drive Athena's JDBC driver: getSchemas, getTables of
 * each, getColumns of each.
 */
async function sync(api: MetadataApi): Promise<readonly FoundTable[]> {
  const found: FoundTable[] = [];
  for await (const schema of api.schemas())
    for await (const name of api.tables(schema)) {
      const columns = await api.columns(schema, name);
      found.push({ schema, name, columns: columns.map(({ Name, Type }) => `${Name} ${Type}`) });
    }
  return found;
}

/**
 * The sync by Athena's own API: `MetadataRetrievalMethod=ProxyAPI`, which Metabase sets along with a catalog.
 * https://docs.aws.amazon.com/athena/latest/ug/jdbc-v3-driver-other-configuration.html#jdbc-v3-driver-metadata-retrieval-method
 */
export async function syncByAthena({ athena }: ReaderClients): Promise<readonly FoundTable[]> {
  const pagination = { client: athena };
  const ofCatalog = { CatalogName: CATALOG };
  await athena.send(new ListDataCatalogsCommand({}));
  return await sync({
    async *schemas() {
      for await (const { DatabaseList = [] } of paginateListDatabases(pagination, ofCatalog))
        yield* DatabaseList.map(({ Name = '' }) => Name);
    },
    async *tables(schema) {
      const pages = paginateListTableMetadata(pagination, { ...ofCatalog, DatabaseName: schema });
      for await (const { TableMetadataList = [] } of pages)
        yield* TableMetadataList.map(({ Name = '' }) => Name);
    },
    async columns(schema, table) {
      const { TableMetadata } = await athena.send(
        new GetTableMetadataCommand({ ...ofCatalog, DatabaseName: schema, TableName: table }),
      );
      return [...(TableMetadata?.Columns ?? []), ...(TableMetadata?.PartitionKeys ?? [])];
    },
  });
}

/** The sync by Glue's API, as the driver does it without a catalog. */
export async function syncByGlue({ glue }: ReaderClients): Promise<readonly FoundTable[]> {
  const pagination = { client: glue };
  return await sync({
    async *schemas() {
      for await (const { DatabaseList = [] } of paginateGetDatabases(pagination, {}))
        yield* DatabaseList.map(({ Name = '' }) => Name);
    },
    async *tables(schema) {
      for await (const { TableList = [] } of paginateGetTables(pagination, { DatabaseName: schema }))
        yield* TableList.map(({ Name = '' }) => Name);
    },
    async columns(schema, table) {
      const { Table } = await glue.send(new GetTableCommand({ DatabaseName: schema, Name: table }));
      return [...(Table?.StorageDescriptor?.Columns ?? []), ...(Table?.PartitionKeys ?? [])];
    },
  });
}

/**
 * The driver's other calls.
 *
 * @returns The object of a result, as text.
 */
export async function metabaseBesides(
  clients: ReaderClients,
  connection: MetabaseConnection,
): Promise<string> {
  await readWorkgroups(clients, connection);
  const result = await readResultFile(clients, connection);
  await usePreparedStatement(clients, connection);
  await stopQuery(clients, connection);
  return result;
}

/** Lists the workgroups, and reads the settings of the connection's. */
async function readWorkgroups({ athena }: ReaderClients, { workgroup }: MetabaseConnection): Promise<void> {
  await athena.send(new ListWorkGroupsCommand({}));
  await athena.send(new GetWorkGroupCommand({ WorkGroup: workgroup }));
}

/** Runs a query, and reads its result from S3 besides by pages. */
async function readResultFile(
  { athena, s3 }: ReaderClients,
  connection: MetabaseConnection,
): Promise<string> {
  const { location } = await askMetabase(athena, connection, { sql: 'SELECT 1 AS one' });
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.*)$/.exec(location) ?? [];
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  if (Body === undefined) throw new Error(`${location} has no body.`);
  return await Body.transformToString();
}

/** Prepares a statement, reads it, runs it and deletes it. */
async function usePreparedStatement(
  { athena }: ReaderClients,
  connection: MetabaseConnection,
): Promise<void> {
  const prepared = { StatementName: 'by_user', WorkGroup: connection.workgroup };
  const QueryStatement = 'SELECT count(*) AS events FROM "sluice"."product_events" WHERE "user_id" = ?';
  await athena.send(new CreatePreparedStatementCommand({ ...prepared, QueryStatement }));
  await athena.send(new GetPreparedStatementCommand(prepared));
  await askMetabase(athena, connection, { sql: `EXECUTE by_user USING 'u1'` });
  await athena.send(new DeletePreparedStatementCommand(prepared));
}

/** Stops a query, as when its user leaves the page. */
async function stopQuery({ athena }: ReaderClients, { workgroup }: MetabaseConnection): Promise<void> {
  const id = await start(athena, { QueryString: 'SELECT 1', WorkGroup: workgroup });
  await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
}

/**
 * Makes a view and reads it. Makes a table, too, with its file in the folder where Athena puts the files of a query, and deletes
 * it. The local Athena makes views only, so the table is made by the calls of S3 and Glue that Athena makes for its caller.
 * https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html
 *
 * @returns The view's rows.
 */
export async function makeModel(
  { athena, glue, s3 }: ReaderClients,
  connection: MetabaseConnection,
  { bucket: Bucket }: Pick<Config, 'bucket'>,
): Promise<Answer['rows']> {
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
