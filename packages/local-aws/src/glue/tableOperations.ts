import { z } from 'zod';
import type { JsonOperation } from '../protocol/JsonService.ts';
import { compareValues, type TableEntry } from './entries.ts';
import { invalidInput, tableVersionNotFound } from './errors.ts';
import { databaseInputSchema, GLUE_LIMITS, nameSchema, tableInputSchema } from './inputs.ts';
import { namePattern } from './namePattern.ts';
import {
  boundedList,
  catalogMember,
  databaseDocument,
  type GlueContext,
  glueOperation,
  listMembers,
  pageMembers,
  paginate,
  tableDocument,
  tableMembers,
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
      'SearchTables',
      z.strictObject({
        ...catalogMember,
        SearchText: z.string().max(GLUE_LIMITS.searchCharacters),
        ...pageMembers(GLUE_LIMITS.searchPage),
      }),
      ({ SearchText, NextToken, MaxResults }) => {
        const all = catalog.databases().flatMap(({ input }) => catalog.tables(input.Name));
        const nameOf = ({ databaseName, input }: TableEntry) => [databaseName, input.Name];
        const { items, next } = paginate({
          items: all.filter((table) => isFound(table, SearchText)),
          nameOf,
          isAfter: (table, last) => compareValues(nameOf(table), last) > 0,
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
        // Whether to forget the version so far.
        SkipArchive: z.boolean().optional(),
        // The version to update: https://docs.aws.amazon.com/glue/latest/webapi/API_UpdateTable.html
        VersionId: versionIdSchema.optional(),
      }),
      ({ DatabaseName, TableInput, VersionId: versionId, SkipArchive: skipArchive }) =>
        catalog.updateTable(DatabaseName, TableInput, { versionId, skipArchive }),
    ),
    ...glueOperation(context, 'DeleteTable', byName, ({ DatabaseName, Name }) =>
      catalog.deleteTable(DatabaseName, Name),
    ),
  };
}

/**
 * Whether a text is in a table's name, database, description, parameters or columns, in any case; in quotes, whether it is
 * all of one of them. https://docs.aws.amazon.com/glue/latest/webapi/API_SearchTables.html
 */
function isFound({ databaseName, input }: TableEntry, text: string): boolean {
  const {
    Name,
    Description = '',
    Owner = '',
    Parameters = {},
    StorageDescriptor,
    PartitionKeys = [],
  } = input;
  const columns = [...(StorageDescriptor?.Columns ?? []), ...PartitionKeys];
  const texts = [
    ...[databaseName, Name, Description, Owner],
    ...Object.entries(Parameters).flat(),
    ...columns.flatMap((column) => [column.Name, column.Comment ?? '']),
  ].map((one) => one.toLowerCase());
  const quoted = /^"(.*)"$/s.exec(text)?.[1]?.toLowerCase();
  return texts.some((one) => (quoted === undefined ? one.includes(text.toLowerCase()) : one === quoted));
}

const MOST_VERSIONS_DELETED = 100;

/** List, read and delete the versions that updates of a table leave. */
export function tableVersionOperations(context: GlueContext): Record<string, JsonOperation> {
  const { catalog, account } = context;
  const document = (table: TableEntry) => ({
    Table: tableDocument(table, account),
    VersionId: String(table.version),
  });
  return {
    ...glueOperation(
      context,
      'GetTableVersions',
      z.strictObject({ ...tableMembers, ...listMembers }),
      ({ DatabaseName, TableName, NextToken, MaxResults }) => {
        const { items, next } = paginate({
          items: catalog.versions(DatabaseName, TableName),
          nameOf: ({ version }) => [String(version)],
          isAfter: ({ version }, [last = '0']) => version < Number(last),
          size: MaxResults,
          token: NextToken,
        });
        return { TableVersions: items.map(document), NextToken: next };
      },
    ),
    ...glueOperation(
      context,
      'GetTableVersion',
      z.strictObject({ ...tableMembers, VersionId: versionIdSchema.optional() }),
      ({ DatabaseName, TableName, VersionId }) => {
        const versions = catalog.versions(DatabaseName, TableName);
        const found =
          VersionId === undefined
            ? versions[0]
            : versions.find(({ version }) => String(version) === VersionId);
        if (found === undefined) throw tableVersionNotFound(VersionId ?? '');
        return { TableVersion: document(found) };
      },
    ),
    ...glueOperation(
      context,
      'DeleteTableVersion',
      z.strictObject({ ...tableMembers, VersionId: versionIdSchema }),
      ({ DatabaseName, TableName, VersionId }) => {
        const [missing] = catalog.deleteVersions(DatabaseName, TableName, [VersionId]);
        if (missing !== undefined) throw deletionError(catalog.table(DatabaseName, TableName), missing);
      },
    ),
    ...glueOperation(
      context,
      'BatchDeleteTableVersion',
      z.strictObject({ ...tableMembers, VersionIds: boundedList(versionIdSchema, MOST_VERSIONS_DELETED) }),
      ({ DatabaseName, TableName, VersionIds }) => {
        const missing = catalog.deleteVersions(DatabaseName, TableName, VersionIds);
        const table = catalog.table(DatabaseName, TableName);
        const Errors = missing.map((VersionId) => {
          const { code: ErrorCode, message: ErrorMessage } = deletionError(table, VersionId);
          return { TableName, VersionId, ErrorDetail: { ErrorCode, ErrorMessage } };
        });
        return Errors.length === 0 ? {} : { Errors };
      },
    ),
  };
}

/** The current version goes with its table only. */
function deletionError({ version }: TableEntry, versionId: string) {
  return String(version) === versionId
    ? invalidInput('The current version of a table cannot be deleted.')
    : tableVersionNotFound(versionId);
}
