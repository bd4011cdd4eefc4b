import {
  GetTableCommand,
  type GlueClient,
  type Table,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { CURATE_PARAMETER, type ViewCatalog } from '../curate/ViewCatalog.ts';
import { catalogCallError } from '../landing/catalog/catalogCalls.ts';
import { partitionPage } from './gluePartitionCatalog.ts';

/** The views of a database in Glue's Data Catalog. @param client A client that does not retry, because callers do. */
export function glueViews(client: GlueClient, database: string): ViewCatalog {
  return {
    async read(name) {
      const table = await getTable(client, database, name);
      const { VersionId } = table ?? {};
      if (table === null || VersionId === undefined) return null;
      return {
        text: table.ViewOriginalText ?? '',
        isCurated: table.Parameters?.[CURATE_PARAMETER] === 'true',
        replaceText: (text) =>
          updateTable(client, database, VersionId, { ...inputOf(table), ViewOriginalText: text }),
      };
    },

    async partitions(table, token) {
      const asked = { DatabaseName: database, TableName: table, NextToken: token, ExcludeColumnSchema: true };
      const { items, next } = await partitionPage(client, asked);
      return {
        items: items.map(({ Values: [day = ''] = [], StorageDescriptor: { Location = '' } = {} }) => ({
          day,
          location: Location,
        })),
        next,
      };
    },
  };
}

/** Reads a table; null if it does not exist. */
async function getTable(client: GlueClient, database: string, name: string): Promise<Table | null> {
  try {
    const { Table: table } = await client.send(new GetTableCommand({ DatabaseName: database, Name: name }));
    return table ?? null;
  } catch (error) {
    const failure = catalogCallError(error);
    if (failure.code === 'EntityNotFoundException') return null;
    throw failure;
  }
}

/** Updates a table. False if the table has another version. */
async function updateTable(
  client: GlueClient,
  database: string,
  VersionId: string,
  input: TableInput,
): Promise<boolean> {
  try {
    // The list of days may change every few minutes, and the number of archived versions is limited:
    // https://docs.aws.amazon.com/general/latest/gr/glue.html
    await client.send(
      new UpdateTableCommand({ DatabaseName: database, TableInput: input, VersionId, SkipArchive: true }),
    );
    return true;
  } catch (error) {
    const failure = catalogCallError(error);
    if (failure.code === 'ConcurrentModificationException') return false;
    throw failure;
  }
}

/**
 * The members of a table that an update may name. Glue sets the others itself, and refuses them.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
 */
function inputOf(table: Table): TableInput {
  const { Name, Description, Owner, LastAccessTime, LastAnalyzedTime, Retention } = table;
  const { StorageDescriptor, PartitionKeys, ViewOriginalText, ViewExpandedText, TableType } = table;
  const { Parameters, TargetTable } = table;
  return {
    Name,
    Description,
    Owner,
    LastAccessTime,
    LastAnalyzedTime,
    Retention,
    StorageDescriptor,
    PartitionKeys,
    ViewOriginalText,
    ViewExpandedText,
    TableType,
    Parameters,
    TargetTable,
  };
}
