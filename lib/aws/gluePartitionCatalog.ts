import {
  BatchCreatePartitionCommand,
  BatchUpdatePartitionCommand,
  GetPartitionsCommand,
  type GetPartitionsCommandInput,
  GetTableCommand,
  GlueClient,
  type Partition,
} from '@aws-sdk/client-glue';
import { quoteText } from '../base/sql.ts';
import { awsCall, type Page } from '../landing/catalog/catalogCalls.ts';
import type { CatalogPartition, PartitionCatalog } from '../landing/catalog/PartitionCatalog.ts';
import { partitionKey } from '../tables/sharedColumns.ts';
import type { SessionCredentials } from './assumedRole.ts';
import { ANSWER_MS, clientLimits } from './clientLimits.ts';
import { partialAnswers } from './partialAnswers.ts';

/** The partition catalog in Glue's Data Catalog. */
export function gluePartitionCatalog(client: GlueClient): PartitionCatalog {
  return {
    async getTable(database, table) {
      const { Table } = await awsCall(() =>
        client.send(new GetTableCommand({ DatabaseName: database, Name: table })),
      );
      return {
        name: table,
        storage: Table?.StorageDescriptor ?? {},
        madeAt: Table?.CreateTime?.getTime(),
        partitionKeys: (Table?.PartitionKeys ?? []).map(({ Name }) => Name ?? ''),
      };
    },

    async listPage(database, table, token, days) {
      // At most 2,048 characters: https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
      const Expression = days && `${partitionKey.name} IN (${days.map(quoteText).join(', ')})`;
      const asked = { DatabaseName: database, TableName: table, Expression, NextToken: token };
      const { items, next } = await partitionPage(client, asked);
      return {
        items: items.map(({ Values = [], StorageDescriptor = {} }) => ({
          values: Values,
          storage: StorageDescriptor,
        })),
        next,
      };
    },

    async batchCreate(database, table, partitions) {
      const answer = await awsCall(() =>
        client.send(
          new BatchCreatePartitionCommand({
            DatabaseName: database,
            TableName: table,
            PartitionInputList: partitions.map(partitionInput),
          }),
        ),
      );
      return partialAnswers.BatchCreatePartition(answer);
    },

    async batchUpdate(database, table, partitions) {
      const answer = await awsCall(() =>
        client.send(
          new BatchUpdatePartitionCommand({
            DatabaseName: database,
            TableName: table,
            Entries: partitions.map((partition) => ({
              PartitionValueList: [...partition.values],
              PartitionInput: partitionInput(partition),
            })),
          }),
        ),
      );
      return partialAnswers.BatchUpdatePartition(answer);
    },
  };
}

/** One page of a table's partitions. @throws CatalogCallError */
export async function partitionPage(
  client: GlueClient,
  asked: GetPartitionsCommandInput,
): Promise<Page<Partition>> {
  const { Partitions = [], NextToken } = await awsCall(() => client.send(new GetPartitionsCommand(asked)));
  return { items: Partitions, next: NextToken === '' ? undefined : NextToken };
}

/** A partition as Glue takes it. */
function partitionInput({ values, storage }: CatalogPartition) {
  return { Values: [...values], StorageDescriptor: storage };
}

let glue: GlueClient | undefined;

/**
 * The shared client of Glue, created on first use. It does not retry: `lib/landing/catalog` retries, as it knows the
 * deadline and the remaining items of a batch. Two layers of retries would multiply.
 */
export function glueClient(): GlueClient {
  glue ??= newGlueClient();
  return glue;
}

/** A separate client with the same settings. @param credentials Default: the function's. */
export function newGlueClient(credentials?: SessionCredentials): GlueClient {
  return new GlueClient({
    ...(credentials === undefined ? {} : { credentials }),
    maxAttempts: 1,
    requestHandler: clientLimits({ answerMs: ANSWER_MS.long }),
  });
}
