import type { FileColumn } from '../../../parquet/FileSchema.ts';
import { type Cast, columnNamesOf } from '../../../schema/mapping/fieldSource.ts';
import type { Dataset } from '../../../schema/sources.ts';
import type { FoundColumn } from './FoundColumn.ts';
import { FieldProblem, findColumn, onlyOne, typedName } from './findColumn.ts';
import { foundNames, mappedNames } from './nearColumns.ts';
import { findFolder, folderColumn, type PathFolder } from './pathFolders.ts';

/** A column, or a folder of the path. */
type ColumnOrFolder = { readonly column: string | readonly string[] } | { readonly folder: string };

/** A column by its names, or a folder, as problems of a row and of a file name it. */
export function nameOfField(field: ColumnOrFolder): string {
  return 'folder' in field ? `${field.folder}=` : columnNamesOf(field).join(' or ');
}

/** The columns and path folders of a file, in which fields are found. */
export class FileColumns {
  /** Time zone of times without one: a name of the IANA database. */
  readonly timezone: string;
  /** Columns in which fields were found so far. */
  readonly used = new Set<FileColumn>();
  readonly #columns: readonly FileColumn[];
  readonly #folders: readonly PathFolder[];
  readonly #folderColumns: Map<string, FoundColumn>;
  readonly #mapped: ReadonlySet<string>;

  /**
   * @param timezone Time zone of times without one.
   * @param folders Folders of the file's path.
   * @param folderColumns Columns of the folders that fields have named so far, by name, shared by all files of a load.
   * @param mapping The dataset's mapping: a column that a field of it names is not proposed for another. Default: any column
   *   is proposed.
   */
  constructor(
    columns: readonly FileColumn[],
    timezone: string,
    folders: readonly PathFolder[] = [],
    folderColumns = new Map<string, FoundColumn>(),
    mapping?: Dataset['mapping'],
  ) {
    this.#columns = columns;
    this.timezone = timezone;
    this.#folders = folders;
    this.#folderColumns = folderColumns;
    this.#mapped = new Set(mapping === undefined ? [] : mappedNames(mapping));
  }

  /**
   * The column of a field, or the SQL for the folder that it names; null if an optional column is missing.
   *
   * @throws FieldProblem if a required column is missing.
   */
  column(
    field: ColumnOrFolder & { readonly optional?: boolean | undefined; readonly cast?: Cast | undefined },
  ): FoundColumn | null {
    const found = 'folder' in field ? this.#folder(field.folder) : this.#columnOf(columnNamesOf(field));
    if (found !== null) this.used.add(found.outer);
    if (found?.isUnknownBytes === true && !(found.kind === 'bytes' && field.cast !== undefined))
      throw new FieldProblem('SLUICE_INGEST_COLUMN_TYPE_UNFIT', found.name, SIXTEEN, found.outer.type);
    if (found !== null || field.optional === true) return found;
    const wanted = 'folder' in field ? [nameOfField(field)] : columnNamesOf(field);
    const names =
      'folder' in field
        ? this.#folders.map((folder) => `${folder.name}=`)
        : this.#columns.map(({ name }) => name);
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_MISSING',
      nameOfField(field),
      this.#wanted(field),
      foundNames(wanted, names, this.#mapped),
    );
  }

  /** The only one of some names that the file has; null if it has none. @throws FieldProblem if it has several. */
  #columnOf(names: readonly string[]): FoundColumn | null {
    const all = names.flatMap((name) => findColumn(this.#columns, name) ?? []);
    const found = all.filter(
      (column, i) => all.findIndex(({ sql }) => sql === column.sql) === i && !hasMember(column, all),
    );
    return onlyOne(found, nameOfField({ column: names }), 'one of the names', typedName) ?? null;
  }

  /** The column of a folder above the files; null if the file has no such folder. */
  #folder(name: string): FoundColumn | null {
    const column = this.#folderColumns.get(name) ?? folderColumn(name, this.#folderColumns.size);
    this.#folderColumns.set(name, column);
    return findFolder(this.#folders, name) === undefined ? null : column;
  }

  /** The hint for a missing column. Hive's writers leave partition columns out of files. */
  #wanted(field: ColumnOrFolder): string {
    if ('folder' in field) return "a folder of the name in the file's path";
    const folder = columnNamesOf(field).find((column) =>
      this.#folders.some(({ name }) => name.toLowerCase() === column.toLowerCase()),
    );
    return folder === undefined
      ? 'it, as the mapping names it'
      : `it, or { folder: ${JSON.stringify(folder)} } in the mapping`;
  }
}

/** Whether a column is a struct of which a member is named, too: it may have taken the place of a column of its name. */
function hasMember(column: FoundColumn, all: readonly FoundColumn[]): boolean {
  const member = `${column.name.toLowerCase()}.`;
  return all.some(({ outer, name }) => outer === column.outer && name.toLowerCase().startsWith(member));
}

/** Requirement for a column of 16 bytes. */
const SIXTEEN =
  "16 bytes that the file annotates as a UUID, or `cast: 'uuid'` or `cast: 'string'` in the mapping";
