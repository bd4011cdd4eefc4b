import type { FileColumn } from '../../../parquet/FileSchema.ts';
import { columnSql } from './columnSql.ts';
import type { FoundColumn } from './FoundColumn.ts';
import { onlyNamed, toFoundColumn } from './findColumn.ts';

/** Hive's folder name for rows without a value. */
const NO_VALUE = '__HIVE_DEFAULT_PARTITION__';
/** A folder `country=DE` in the key of a file, decoded. */
export interface PathFolder {
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
export function folderColumn(name: string, number: number): FoundColumn {
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
