import { z } from 'zod';
import type { JsonOperation } from '../protocol/JsonService.ts';
import { nameSchema } from './columns.ts';
import { databaseInputSchema } from './databaseInput.ts';
import { databaseDocument } from './documents.ts';
import { catalogMember, type GlueContext, glueOperation, listMembers } from './GlueContext.ts';
import { page } from './paging.ts';

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
        const { items, next } = page({
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
