import { MOST_NAMED, nearestNames, quotedName } from '../../base/text.ts';
import type { FileColumn } from '../../parquet/FileSchema.ts';
import { type Cast, columnNamesOf } from '../../schema/mapping/fieldSource.ts';
import type { Dataset } from '../../schema/sources.ts';
import { columnSql } from './columnSql.ts';
import type { FoundColumn } from './FoundColumn.ts';
import { FieldProblem, findColumn, onlyNamed, onlyOne, toFoundColumn, typedName } from './findColumn.ts';

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

/** Names that a message lists. */
const MAX_NAMES = 100;

/** The names of columns that a mapping, or a part of it, has, in lower case. */
function mappedNames(mapping: object): readonly string[] {
  return Object.entries(mapping).flatMap(([member, value]: [string, unknown]) => {
    const names = typeof value === 'string' || Array.isArray(value) ? [value].flat() : null;
    if (member === 'column' && names !== null) return names.map((name) => String(name).toLowerCase());
    return typeof value === 'object' && value !== null ? mappedNames(value) : [];
  });
}

/** Lists the names of a file for a message, the nearest first of those that no other field has. */
function foundNames(
  wanted: readonly string[],
  names: readonly string[],
  mapped: ReadonlySet<string>,
): string {
  const free = names.filter((name) => !mapped.has(name.toLowerCase()));
  const similar = wanted.flatMap((name) => nearestNames(name, free));
  const akin = free.filter((name) => wanted.some((other) => sharesWords(name, other)));
  const near = [...new Set(similar.length > 0 ? similar : akin.slice(0, MOST_NAMED))];
  const all = names.slice(0, MAX_NAMES).map(quotedName).join(', ');
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  const nearest = near.length === 0 ? '' : `, the nearest is ${near.map(quotedName).join(' or ')}`;
  const known = names.length === 0 ? '' : `, among ${all}${more}`;
  return `${names.length === 0 ? 'none' : 'no such name'}${nearest}${known}`;
}

/** Whether one of two names has all words of the other: `metric_date` and `date`. */
function sharesWords(first: string, second: string): boolean {
  const wordsOf = (name: string) =>
    new Set(
      name
        .toLowerCase()
        .split(/[^\p{L}\p{N}]+/u)
        .filter((word) => word !== ''),
    );
  const [some, others] = [wordsOf(first), wordsOf(second)].toSorted((a, b) => a.size - b.size);
  return some !== undefined && some.size > 0 && others !== undefined && some.isSubsetOf(others);
}

/** Requirement for a column of 16 bytes. */
const SIXTEEN =
  "16 bytes that the file annotates as a UUID, or `cast: 'uuid'` or `cast: 'string'` in the mapping";

/** Hive's folder name for rows without a value. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';
/** A folder `country=DE` in the key of a file, decoded. */
interface PathFolder {
  /** The name before the `=`, decoded. */
  readonly name: string;
  /** Null for the folder of rows without a value. */
  readonly value: string | null;
}

/** The folders of the form `name=value` in a key, outermost first. Other folders are ignored. */
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
 * The folder with exactly this name, or with a name that differs only in case; undefined if a path has none.
 *
 * @throws FieldProblem if there are several.
 */
export function findFolder(folders: readonly PathFolder[], name: string): PathFolder | undefined {
  return onlyNamed(folders, name, `${name}=`, (folder) => JSON.stringify(`${folder.name}=${folder.value}`));
}

/**
 * The column of a folder's value: a text column that a load adds to the file's own columns.
 *
 * @param number Index of the folder among those that a mapping names.
 */
function folderColumn(name: string, number: number): FoundColumn {
  const outer: FileColumn = {
    name: `${name}=`,
    sqlName: `sluice_folder_${number}`,
    type: 'VARCHAR',
    members: [],
    isUnknownBytes: false,
    isUtc: false,
    isNanoseconds: false,
    misread: null,
    isEmpty: false,
    leaves: null,
  };
  return toFoundColumn(outer.name, columnSql(outer), outer, outer);
}

/**
 * Decodes `%3A` to `:`, as Hive, Spark and pyarrow escape characters. As in Hive, a `%` without a code is kept. Bytes that
 * are not UTF-8 stay encoded, and so does a NUL, which no SQL text may have.
 */
function decode(text: string): string {
  return text.replace(/(%(?!00)[0-9a-f]{2})+/gi, (encoded) => {
    try {
      return decodeURIComponent(encoded);
    } catch {
      return encoded;
    }
  });
}
