import { z } from 'zod';
import type { JsonOperation } from '../protocol/JsonService.ts';
import { databaseInputSchema, nameSchema, tableInputSchema } from './inputs.ts';
import {
  catalogMember,
  databaseDocument,
  type GlueContext,
  glueOperation,
  listMembers,
  paginate,
  tableDocument,
} from './operation.ts';

const byDatabaseName = z.strictObject({ ...catalogMember, Name: nameSchema });

/** Create, read, update and delete databases. */
export function databaseOperations(context: GlueContext): Record<string, JsonOperation> {
  const { catalog, account } = context;
  return {
    ...glueOperation(
      context,
      'CreateDatabase',
      z.strictObject({ ...catalogMember, DatabaseInput: databaseInputSchema }),
      ({ DatabaseInput }) => catalog.createDatabase(DatabaseInput),
    ),
    ...glueOperation(context, 'GetDatabase', byDatabaseName, ({ Name }) => ({
      Database: databaseDocument(catalog.database(Name), account),
    })),
    ...glueOperation(
      context,
      'GetDatabases',
      z.strictObject({ ...catalogMember, ...listMembers }),
      ({ NextToken, MaxResults }) => {
        const { items, next } = paginate({
          items: catalog.databases(),
          nameOf: ({ input }) => [input.Name],
          isAfter: ({ input }, [name = '']) => input.Name > name,
          size: MaxResults,
          token: NextToken,
        });
        return { DatabaseList: items.map((entry) => databaseDocument(entry, account)), NextToken: next };
      },
    ),
    ...glueOperation(
      context,
      'UpdateDatabase',
      z.strictObject({ ...catalogMember, Name: nameSchema, DatabaseInput: databaseInputSchema }),
      ({ Name, DatabaseInput }) => catalog.updateDatabase(Name, DatabaseInput),
    ),
    ...glueOperation(context, 'DeleteDatabase', byDatabaseName, ({ Name }) => catalog.deleteDatabase(Name)),
  };
}

const byName = z.strictObject({ ...catalogMember, DatabaseName: nameSchema, Name: nameSchema });

/** https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html */
const versionIdSchema = z
  .string()
  .min(1, 'Member must have length greater than or equal to 1')
  .max(255, 'Member must have length less than or equal to 255');

/** Create, read, update and delete tables. Earlier versions of a table are not kept. */
export function tableOperations(context: GlueContext): Record<string, JsonOperation> {
  const { catalog, account } = context;
  return {
    ...glueOperation(
      context,
      'CreateTable',
      z.strictObject({ ...catalogMember, DatabaseName: nameSchema, TableInput: tableInputSchema }),
      ({ DatabaseName, TableInput }) => catalog.createTable(DatabaseName, TableInput),
    ),
    ...glueOperation(context, 'GetTable', byName, ({ DatabaseName, Name }) => ({
      Table: tableDocument(catalog.table(DatabaseName, Name), account),
    })),
    ...glueOperation(
      context,
      'GetTables',
      z.strictObject({ ...catalogMember, DatabaseName: nameSchema, ...listMembers }),
      ({ DatabaseName, NextToken, MaxResults }) => {
        const { items, next } = paginate({
          items: catalog.tables(DatabaseName),
          nameOf: ({ input }) => [input.Name],
          isAfter: ({ input }, [name = '']) => input.Name > name,
          size: MaxResults,
          token: NextToken,
        });
        return { TableList: items.map((table) => tableDocument(table, account)), NextToken: next };
      },
    ),
    ...glueOperation(
      context,
      'UpdateTable',
      z.strictObject({
        ...catalogMember,
        DatabaseName: nameSchema,
        TableInput: tableInputSchema,
        // Whether to skip archiving the old version. This catalog keeps no versions, so both values are accepted.
        SkipArchive: z.boolean().optional(),
        // The version to update: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
        VersionId: versionIdSchema.optional(),
      }),
      ({ DatabaseName, TableInput, VersionId }) => catalog.updateTable(DatabaseName, TableInput, VersionId),
    ),
    ...glueOperation(context, 'DeleteTable', byName, ({ DatabaseName, Name }) =>
      catalog.deleteTable(DatabaseName, Name),
    ),
  };
}
