import { quoteName } from '../../base/sql.ts';
import type { FileColumn } from '../engine/Engine.ts';
import { FieldProblem, type FoundColumn, findColumn } from './findColumn.ts';

/** A column, or a folder of the path. */
type NamedPlace = { readonly column: string } | { readonly folder: string };

/** What fields look for in a file. */
export class FileColumns {
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
    return findFolder(this.#folders, name) === null ? null : column;
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

/** What Hive and all who write as it does call the folder of rows without a value. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';
/** Columns that a load adds for folders; files may not have such. */
const COLUMN = /^sluice_folder_\d+$/i;

/** A folder `country=DE` in the key of a file, decoded. */
interface PathFolder {
  readonly name: string;
  /** Null where the folder is of rows without a value. */
  readonly value: string | null;
}

/** The folders of the form `name=value` in a key, the outermost first. What is no such folder says nothing of rows. */
export function pathFolders(key: string): PathFolder[] {
  return key
    .split('/')
    .slice(0, -1)
    .flatMap((segment) => {
      const at = segment.indexOf('=');
      if (at < 1) return [];
      const value = decode(segment.slice(at + 1));
      return [{ name: decode(segment.slice(0, at)), value: value === NO_VALUE ? null : value }];
    });
}

/**
 * The folder of a name, exactly, else one whose name differs in case alone; null when a path has none.
 *
 * @throws FieldProblem when it has several, or a value that is no text of SQL.
 */
export function findFolder(folders: readonly PathFolder[], name: string): PathFolder | null {
  const alike = [
    folders.filter((one) => one.name === name),
    folders.filter((one) => one.name.toLowerCase() === name.toLowerCase()),
  ].find((found) => found.length > 0);
  const [first, ...others] = alike ?? [];
  if (first === undefined) return null;
  if (others.length > 0) {
    const values = [first, ...others].map((one) => JSON.stringify(`${one.name}=${one.value}`));
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_AMBIGUOUS',
      `${name}=`,
      'one of the name',
      values.join(' and '),
    );
  }
  if (hasNul(first.value))
    throw new FieldProblem(
      'SLUICE_INGEST_COLUMN_TYPE_UNFIT',
      `${name}=`,
      'a value without NUL',
      'one with it',
    );
  return first;
}

/** Whether a folder's value is no text of SQL. */
export function hasNul(value: string | null): boolean {
  return value?.includes('\0') === true;
}

/** Whether a column of a file would stand in for a folder's. */
export function isFolderColumn(name: string): boolean {
  return COLUMN.test(name);
}

/**
 * What reads a folder's value of a row: a text column that a load adds to a file's own.
 *
 * @param number Which of the folders that a mapping names.
 */
function folderColumn(name: string, number: number): FoundColumn {
  const sqlName = `sluice_folder_${number}`;
  const outer: FileColumn = {
    ...{ name: `${name}=`, sqlName, type: 'VARCHAR', declared: 'VARCHAR', fixedBytes: null, members: [] },
    ...{ utc: false, nanoseconds: false, misread: null, leaves: null },
  };
  return {
    ...{ name: outer.name, sql: `src.${quoteName(sqlName)}`, type: outer.type, kind: 'text' },
    ...{ nanoseconds: false, refusals: [], outer },
  };
}

/**
 * Takes `%3A` for `:`, as Hive, Spark and pyarrow write what no path can hold. A `%` that encodes nothing is itself, as it
 * is to Hive; bytes that are no UTF-8 stay as they are written.
 */
function decode(text: string): string {
  return text.replace(/(%[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}
