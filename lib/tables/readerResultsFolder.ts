import { QUERY_RESULTS_FOLDER } from './queryResultsFolder.ts';

/** Folder of the results of readers who may make tables: those tables' files lie among them, so that it stays. */
const READER_TABLES_FOLDER = 'reader-tables/';

/** Folder in the folder of results that Athena puts the files of tables in which it makes of a query. */
export const MADE_TABLES_FOLDER = 'tables/';

/**
 * Folder that one reader's results go to and no other reader's, with the slash at its end.
 *
 * Athena puts a table's files below the location of the workgroup's results, `tables/<query ID>/`, and where the
 * workgroup enforces its location nobody can say otherwise, so a reader who may make tables has a folder outside of the
 * one that is emptied by and by. https://docs.aws.amazon.com/athena/latest/ug/ctas-considerations-limitations.html
 */
export function readerResultsFolder(reader: {
  readonly name: string;
  /** The database that it makes tables in. Default none. */
  readonly ownDatabase?: string | null;
}): string {
  const makesTables = reader.ownDatabase !== undefined && reader.ownDatabase !== null;
  return `${makesTables ? READER_TABLES_FOLDER : QUERY_RESULTS_FOLDER}${reader.name}/`;
}
