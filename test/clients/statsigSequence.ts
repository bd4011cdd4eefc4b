import { StopQueryExecutionCommand } from '@aws-sdk/client-athena';
import {
  CreateTableCommand,
  DeleteTableCommand,
  GetDatabaseCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GetTablesCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import {
  DeleteObjectCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import type { Config } from '../../lib/schema/config.ts';
import { start } from './answer.ts';
import type { ReaderClients } from './openReaders.ts';

/** A table of Statsig's own in the staging database, and the folder that its files lie in. */
const STAGED = { table: 'experiment_42_first_exposures', folder: 'experiment-42/first_exposures/' } as const;

/** What Statsig looks at before it asks anything: the bucket, the tables it may read, their days. */
export async function lookAround({ s3, glue }: ReaderClients, config: Config): Promise<readonly string[]> {
  const { bucket: Bucket, database: DatabaseName, statsigFolder } = config;
  await s3.send(new HeadBucketCommand({ Bucket }));
  await s3.send(new GetBucketLocationCommand({ Bucket }));
  await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${statsigFolder}/` }));
  await glue.send(new GetDatabaseCommand({ Name: DatabaseName }));
  await glue.send(new GetTablesCommand({ DatabaseName }));
  const days: string[] = [];
  for (const TableName of Object.values({ ...config.tables, quarantine: undefined })) {
    if (TableName === undefined) continue;
    const { Partitions = [] } = await glue.send(new GetPartitionsCommand({ DatabaseName, TableName }));
    days.push(...Partitions.flatMap(({ Values = [] }) => Values.map((day) => `${TableName} ${day}`)));
  }
  return days;
}

/**
 * An Iceberg table from its first file to its last, by the calls that Athena makes of S3 and Glue for its caller: the
 * local Athena knows no Iceberg. A commit writes data and metadata, then points the table at the new metadata.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg.html
 */
export async function stageIceberg({ s3, glue }: ReaderClients, config: Config): Promise<void> {
  const { bucket: Bucket, statsigFolder } = config;
  const DatabaseName = config.athena.stagingDatabase;
  const folder = `${statsigFolder}/${STAGED.folder}`;
  const write = (Key: string, Body: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  const tableAt = (version: number) => ({
    Name: STAGED.table,
    TableType: 'EXTERNAL_TABLE',
    PartitionKeys: [],
    Parameters: {
      table_type: 'ICEBERG',
      metadata_location: `s3://${Bucket}/${folder}metadata/0000${version}.metadata.json`,
    },
    StorageDescriptor: {
      Columns: [{ Name: 'unit_id', Type: 'string' }],
      Location: `s3://${Bucket}/${folder}`,
    },
  });
  await glue.send(new GetDatabaseCommand({ Name: DatabaseName }));
  await write(`${folder}metadata/00000.metadata.json`, '{}');
  await glue.send(new CreateTableCommand({ DatabaseName, TableInput: tableAt(0) }));

  await glue.send(new GetTableCommand({ DatabaseName, Name: STAGED.table }));
  await write(`${folder}data/a.parquet`, 'PAR1');
  await write(`${folder}metadata/00001.metadata.json`, '{}');
  await glue.send(new UpdateTableCommand({ DatabaseName, TableInput: tableAt(1) }));
  await s3.send(new GetObjectCommand({ Bucket, Key: `${folder}data/a.parquet` }));

  await glue.send(new DeleteTableCommand({ DatabaseName, Name: STAGED.table }));
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: folder }));
  for (const { Key } of Contents) await s3.send(new DeleteObjectCommand({ Bucket, Key }));
}

/** Gives a query up. */
export async function stop({ athena }: ReaderClients, workgroup: string): Promise<void> {
  const id = await start(athena, { QueryString: 'SELECT 1', WorkGroup: workgroup });
  await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
}
