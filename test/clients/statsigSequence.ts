import { StopQueryExecutionCommand } from '@aws-sdk/client-athena';
import { GetDatabaseCommand, GetPartitionsCommand, GetTablesCommand } from '@aws-sdk/client-glue';
import { GetBucketLocationCommand, HeadBucketCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import type { Config } from '../../lib/schema/config.ts';
import { forwardedKinds } from '../../lib/schema/kinds.ts';
import { start } from '../harness/answer.ts';
import type { ReaderClients } from './openReaders.ts';

/** Statsig's first calls, before any query: it lists the bucket, the tables it may read, and their days. */
export async function lookAround({ s3, glue }: ReaderClients, config: Config): Promise<readonly string[]> {
  const { bucket: Bucket, database: DatabaseName, statsigFolder } = config;
  await s3.send(new HeadBucketCommand({ Bucket }));
  await s3.send(new GetBucketLocationCommand({ Bucket }));
  await s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${statsigFolder}/` }));
  await glue.send(new GetDatabaseCommand({ Name: DatabaseName }));
  await glue.send(new GetTablesCommand({ DatabaseName }));
  const days: string[] = [];
  for (const kind of forwardedKinds) {
    const TableName = config.tables[kind];
    const { Partitions = [] } = await glue.send(new GetPartitionsCommand({ DatabaseName, TableName }));
    days.push(...Partitions.flatMap(({ Values = [] }) => Values.map((day) => `${TableName} ${day}`)));
  }
  return days;
}

/** Gives a query up. */
export async function stop({ athena }: ReaderClients, workgroup: string): Promise<void> {
  const id = await start(athena, { QueryString: 'SELECT 1', WorkGroup: workgroup });
  await athena.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
}
