import type { FileColumn } from '../engine/FileColumn.ts';
import { FieldProblem } from './FieldProblem.ts';
import { type FoundColumn, findColumn } from './findColumn.ts';
import { folderColumn, folderNamed, type PathFolder } from './pathFolders.ts';

/** A column, or a folder of the path. */
type NamedPlace = { readonly column: string } | { readonly folder: string };

/** What fields look for in a file. */
export class FileLook {
  readonly timezone: string;
  /** Columns that fields were found in, so far. */
  readonly used = new Set<FileColumn>();
  readonly #columns: readonly FileColumn[];
  readonly #folders: readonly PathFolder[];
  readonly #named: Map<string, FoundColumn>;

  /**
   * @param timezone Of times that have none.
   * @param folders Of the file's path.
   * @param named Folders that fields name, so far: the same for all files of a load.
   */
  constructor(
    columns: readonly FileColumn[],
    timezone: string,
    folders: readonly PathFolder[] = [],
    named = new Map<string, FoundColumn>(),
  ) {
    this.#columns = columns;
    this.timezone = timezone;
    this.#folders = folders;
    this.#named = named;
  }

  /**
   * The column of a field, or what reads the folder that it names; null when the file may lack it and does.
   *
   * @throws FieldProblem when it must be there.
   */
  column(field: NamedPlace & { readonly optional?: boolean | undefined }): FoundColumn | null {
    const found = 'folder' in field ? this.#folder(field.folder) : findColumn(this.#columns, field.column);
    if (found !== null) this.used.add(found.outer);
    if (found !== null || field.optional === true) return found;
    const name = 'folder' in field ? `${field.folder}=` : field.column;
    throw new FieldProblem('SLUICE_INGEST_COLUMN_MISSING', name, this.#wanted(field), null);
  }

  #folder(name: string): FoundColumn | null {
    const column = this.#named.get(name) ?? folderColumn(name, this.#named.size);
    this.#named.set(name, column);
    return folderNamed(this.#folders, name) === null ? null : column;
  }

  /** People look for partition columns in files, where Hive's writers leave them out. */
  #wanted(field: NamedPlace): string {
    if ('folder' in field) return "a folder of the name in the file's path";
    const { column } = field;
    const isFolder = this.#folders.some(({ name }) => name.toLowerCase() === column.toLowerCase());
    return isFolder
      ? `it, or { folder: ${JSON.stringify(column)} } in the mapping`
      : 'it, as the mapping names it';
  }
}
