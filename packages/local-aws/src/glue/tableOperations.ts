import { z } from 'zod';
import { epochSeconds, type JsonOperation } from '../protocol/jsonService.ts';
import type { DatabaseEntry, TableEntry } from './entries.ts';
import { databaseInputSchema, GLUE_LIMITS, nameSchema, tableInputSchema } from './inputs.ts';
import { namePattern } from './namePattern.ts';
import {
  catalogMember,
  type GlueContext,
  glueOperation,
  type PagedList,
  pageMembers,
  paginate,
  storageMember,
  tableMembers,
} from './operation.ts';

/** Paging members of the calls that list databases and tables. */
const listMembers = pageMembers(GLUE_LIMITS.listPage);

/** The order of databases and tables. */
const BY_NAME: Pick<PagedList<DatabaseEntry | TableEntry>, 'nameOf' | 'isAfter'> = {
  nameOf: ({ input }) => [input.Name],
  isAfter: ({ input }, [name = '']) => input.Name > name,
};

/** The input of an operation on one database. */
const byDatabaseName = z.strictObject({ ...catalogMember, Name: nameSchema });

/** Create, read and delete databases. */
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
          ...BY_NAME,
          size: MaxResults,
          token: NextToken,
        });
        return { DatabaseList: items.map((entry) => databaseDocument(entry, account)), NextToken: next };
      },
    ),
    ...glueOperation(context, 'DeleteDatabase', byDatabaseName, ({ Name }) => catalog.deleteDatabase(Name)),
  };
}

/** The input of an operation on one table. */
const byName = z.strictObject({ ...catalogMember, DatabaseName: nameSchema, Name: nameSchema });

/** Create, read, update and delete tables. */
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
      z.strictObject({
        ...catalogMember,
        DatabaseName: nameSchema,
        Expression: z.string().max(GLUE_LIMITS.expressionCharacters).optional(),
        ...listMembers,
      }),
      ({ DatabaseName, Expression, NextToken, MaxResults }) => {
        const matches = Expression === undefined ? () => true : namePattern(Expression);
        const { items, next } = paginate({
          items: catalog.tables(DatabaseName).filter(({ input }) => matches(input.Name)),
          ...BY_NAME,
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
        // Has no effect: no earlier version is kept here.
        SkipArchive: z.boolean().optional(),
        /** The version that is updated; its text has the bounds of a name: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html */
        VersionId: nameSchema.optional(),
      }),
      ({ DatabaseName, TableInput, VersionId: versionId }) =>
        catalog.updateTable(DatabaseName, TableInput, { versionId }),
    ),
    ...glueOperation(
      context,
      'GetTableVersions',
      z.strictObject({ ...tableMembers, ...listMembers }),
      ({ DatabaseName, TableName, NextToken, MaxResults }) => {
        const { items, next } = paginate({
          items: [catalog.table(DatabaseName, TableName)],
          ...BY_NAME,
          size: MaxResults,
          token: NextToken,
        });
        return {
          TableVersions: items.map((table) => ({
            Table: tableDocument(table, account),
            VersionId: String(table.version),
          })),
          NextToken: next,
        };
      },
    ),
    ...glueOperation(context, 'DeleteTable', byName, ({ DatabaseName, Name }) =>
      catalog.deleteTable(DatabaseName, Name),
    ),
  };
}

/** A database in Glue's responses. */
function databaseDocument({ input, createdAt }: DatabaseEntry, account: string) {
  return { ...input, CreateTime: epochSeconds(createdAt), CatalogId: account };
}

/** A table in Glue's responses, without its partitions. */
function tableDocument(table: TableEntry, account: string) {
  const { StorageDescriptor: storage, ...input } = table.input;
  return {
    Retention: 0,
    PartitionKeys: [],
    ...input,
    DatabaseName: table.databaseName,
    CreateTime: epochSeconds(table.createdAt),
    UpdateTime: epochSeconds(table.updatedAt),
    ...storageMember(storage),
    IsRegisteredWithLakeFormation: false,
    CatalogId: account,
    VersionId: String(table.version),
  };
}
