import { statementFailure } from '../engine/statementFailure.ts';
import type { TableName } from './Statement.ts';

/** The table that a name means, in lower case as Glue has it. @param current The database of unqualified names. */
export function tableOf(
  { catalog, database, table }: TableName,
  current: string | undefined,
): { readonly database: string; readonly name: string } {
  if (catalog !== undefined && catalog.toLowerCase() !== 'awsdatacatalog') {
    throw statementFailure('CATALOG_NOT_FOUND', `Catalog '${catalog}' does not exist`);
  }
  return { database: databaseOf(database, current), name: table.toLowerCase() };
}

/** A database by its name, the current one without. */
export function databaseOf(name: string | undefined, current: string | undefined): string {
  const database = name ?? current;
  if (database === undefined) {
    throw statementFailure('MISSING_SCHEMA_NAME', 'Schema must be specified when session schema is not set');
  }
  return database.toLowerCase();
}
