import { z } from 'zod';
import type { Column, DatabaseEntry, TableEntry } from '../../glue/index.ts';
import { AwsError } from '../../protocol/AwsError.ts';
import type { AwsRequest } from '../../protocol/AwsService.ts';
import { epochSeconds, type JsonOperation, operation } from '../../protocol/jsonService.ts';
import { invalidRequest, metadataError } from '../model/errors.ts';
import { ATHENA_LIMITS as LIMITS } from '../model/limits.ts';
import { workGroupNameSchema } from '../model/WorkGroups.ts';
import { type AthenaContext, DATA_CATALOG, isDataCatalog, pageMembers, paginate } from './AthenaContext.ts';

/** The name of a data catalog. */
const catalogName = z.string().min(1).max(LIMITS.catalogCharacters);
/** The name of a database or a table. */
const databaseName = z.string().min(1).max(LIMITS.databaseCharacters);
/** Members of every operation on a data catalog. */
const catalogMembers = { CatalogName: catalogName, WorkGroup: workGroupNameSchema.optional() };

/** The only data catalog, as a list has it. */
const summary = { CatalogName: DATA_CATALOG, Type: 'GLUE', Status: 'CREATE_COMPLETE' } as const;

/** Read data catalogs, their databases and tables. The only data catalog is `AwsDataCatalog`, the local Glue. */
export function catalogOperations(context: AthenaContext): Record<string, JsonOperation> {
  const { catalog, account, onCall } = context;
  const glue = (request: AwsRequest, called: string, input: Record<string, string> = {}) =>
    withMetadataError(request, () =>
      onCall(request.signature, { service: 'glue', operation: called, input }),
    );
  return {
    ListDataCatalogs: operation({
      input: z.strictObject({ ...pageMembers, WorkGroup: workGroupNameSchema.optional() }),
      run(paging) {
        const { items, next } = paginate([summary], ({ CatalogName }) => CatalogName, paging);
        return { DataCatalogsSummary: items, NextToken: next };
      },
    }),
    GetDataCatalog: operation({
      input: z.strictObject({ Name: catalogName, WorkGroup: workGroupNameSchema.optional() }),
      run({ Name }) {
        requireDataCatalog(Name);
        return {
          DataCatalog: {
            Name: DATA_CATALOG,
            Type: summary.Type,
            Parameters: { 'catalog-id': account },
            Status: summary.Status,
          },
        };
      },
    }),
    ListDatabases: operation({
      input: z.strictObject({ ...catalogMembers, ...pageMembers }),
      run({ CatalogName, ...paging }, request) {
        requireDataCatalog(CatalogName);
        glue(request, 'GetDatabases');
        const { items, next } = paginate(catalog.databases(), ({ input }) => input.Name, paging);
        return { DatabaseList: items.map(databaseDocument), NextToken: next };
      },
    }),
    GetDatabase: operation({
      input: z.strictObject({ ...catalogMembers, DatabaseName: databaseName }),
      run({ CatalogName, DatabaseName }, request) {
        requireDataCatalog(CatalogName);
        glue(request, 'GetDatabase', { Name: DatabaseName });
        return {
          Database: databaseDocument(withMetadataError(request, () => catalog.database(DatabaseName))),
        };
      },
    }),
    ListTableMetadata: operation({
      input: z.strictObject({
        ...catalogMembers,
        DatabaseName: databaseName,
        Expression: z.string().max(LIMITS.expressionCharacters).optional(),
        ...pageMembers,
      }),
      run({ CatalogName, DatabaseName, Expression, ...paging }, request) {
        requireDataCatalog(CatalogName);
        glue(request, 'GetTables', { DatabaseName });
        const matches = nameFilter(Expression);
        const tables = withMetadataError(request, () => catalog.tables(DatabaseName));
        const matching = tables.filter(({ input }) => matches(input.Name));
        const { items, next } = paginate(matching, ({ input }) => input.Name, paging);
        return { TableMetadataList: items.map(tableMetadata), NextToken: next };
      },
    }),
    GetTableMetadata: operation({
      input: z.strictObject({ ...catalogMembers, DatabaseName: databaseName, TableName: databaseName }),
      run({ CatalogName, DatabaseName, TableName }, request) {
        requireDataCatalog(CatalogName);
        glue(request, 'GetTable', { DatabaseName, Name: TableName });
        return {
          TableMetadata: tableMetadata(
            withMetadataError(request, () => catalog.table(DatabaseName, TableName)),
          ),
        };
      },
    }),
  };
}

/** Checks that a data catalog is the only one that there is. @throws AwsError InvalidRequestException */
function requireDataCatalog(name: string): void {
  if (!isDataCatalog(name)) throw invalidRequest(`Catalog ${name} was not found.`);
}

/** Returns what the catalog returns, with its errors in Athena's wording. */
function withMetadataError<Found>({ requestId }: AwsRequest, find: () => Found): Found {
  try {
    return find();
  } catch (error) {
    throw error instanceof AwsError ? metadataError(error, requestId) : error;
  }
}

/**
 * The filter of ListTableMetadata: a regular expression that matches the whole name.
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_ListTableMetadata.html
 */
function nameFilter(expression: string | undefined): (name: string) => boolean {
  if (expression === undefined || expression === '') return () => true;
  try {
    const pattern = new RegExp(`^(?:${expression})$`);
    return (name) => pattern.test(name);
  } catch {
    throw invalidRequest(`Expression ${expression} is not a valid regular expression.`);
  }
}

/** A database in Athena's responses: https://docs.aws.amazon.com/athena/latest/APIReference/API_Database.html */
function databaseDocument({ input }: DatabaseEntry) {
  return { Name: input.Name, Description: input.Description, Parameters: input.Parameters };
}

/**
 * A table in Athena's responses. Its format and location are among the parameters, where drivers look for them.
 * https://docs.aws.amazon.com/athena/latest/APIReference/API_TableMetadata.html
 */
function tableMetadata({ input, createdAt }: TableEntry) {
  const { StorageDescriptor: storage = {} } = input;
  const { SerdeInfo: serde = {} } = storage;
  const serdeParameters = Object.entries(serde.Parameters ?? {});
  return {
    Name: input.Name,
    CreateTime: epochSeconds(createdAt),
    LastAccessTime: input.LastAccessTime ?? 0,
    TableType: input.TableType ?? '',
    Columns: (storage.Columns ?? []).map(columnDocument),
    PartitionKeys: (input.PartitionKeys ?? []).map(columnDocument),
    Parameters: {
      ...input.Parameters,
      ...optionalParameter('location', storage.Location),
      ...optionalParameter('inputformat', storage.InputFormat),
      ...optionalParameter('outputformat', storage.OutputFormat),
      ...optionalParameter('serde.serialization.lib', serde.SerializationLibrary),
      ...Object.fromEntries(serdeParameters.map(([name, value]) => [`serde.param.${name}`, value])),
    },
  };
}

/** A column as Athena answers it. */
function columnDocument({ Name, Type, Comment }: Column) {
  return { Name, Type, Comment };
}

/** A member of an answer, left out if it has no value. */
function optionalParameter(name: string, value: string | undefined): Record<string, string> {
  return value === undefined ? {} : { [name]: value };
}
