import { closeSync, openSync, rmSync } from 'node:fs';
import { writeWhole } from '../../disk/files.ts';
import type { StorageDescriptor, TableEntry } from '../../glue/index.ts';
import type { DataFile } from '../engine/dataFiles.ts';
import { notEmulated, resourcesExhausted } from '../engine/StatementError.ts';
import { STATEMENT_LIMITS } from '../engine/StatementRunner.ts';
import { openXReader } from './jsonSerDes.ts';
import { lazySimpleReader } from './lazySimple.ts';
import { openCsvReader } from './openCsv.ts';
import { readLines } from './readLines.ts';
import type { BadValue, RowReader, RowValues, TextColumnType } from './rowReader.ts';
import { type TextFormat, textFormatOf } from './TextFormat.ts';
import { parseTypeTree } from './values/typeTree.ts';

/** Facts about text files that were rewritten for DuckDB, a JSON document a line. */
export interface ConvertedText {
  /** Bytes of the longest line. */
  readonly longest: number;
  /** The columns, by number, that have a value of another type. Their errors are in the member {@link errorMember}. */
  readonly bad: ReadonlySet<number>;
}

/** The member of a converted row that has the error of a column. */
export function errorMember(index: number): string {
  return `!${index}`;
}

/**
 * Refuses a partition whose columns have other types than the table's. Columns belong together by place, and it may have fewer.
 *
 * @throws StatementError NOT_SUPPORTED
 */
export function checkPartition({ input }: TableEntry, descriptor: StorageDescriptor | undefined): void {
  for (const [index, { Type = 'string' }] of (descriptor?.Columns ?? []).entries()) {
    const column = input.StorageDescriptor?.Columns?.[index];
    if (column !== undefined && Type.toLowerCase() !== (column.Type ?? 'string').toLowerCase())
      throw notEmulated(
        `The column ${column.Name} of type ${column.Type} with partitions that have it as ${Type},`,
      );
  }
}

/**
 * Rewrites the text files of a table for DuckDB, each beside its link in the session's folder, which is removed.
 *
 * @param files With their paths in the session.
 * @param described The storage descriptor of each file's partition.
 * @param most Bytes that the new files may have together, so that a file that decompresses to no end does not fill the
 * disk.
 * @throws StatementError
 */
export async function convertFiles(
  entry: TableEntry,
  files: readonly DataFile[],
  described: readonly (StorageDescriptor | undefined)[],
  signal: AbortSignal,
  most: number = STATEMENT_LIMITS.rewrittenTexts,
): Promise<ConvertedText & { readonly files: readonly DataFile[] }> {
  const table = entry.input;
  const columns = (table.StorageDescriptor?.Columns ?? []).map(({ Name, Type = 'string' }) => ({
    name: Name,
    type: parseTypeTree(Type),
  }));
  const bad = new Set<number>();
  let longest = 0;
  let left = most;
  const converted: DataFile[] = [];
  for (const [index, file] of files.entries()) {
    // A partition may have other properties than its table.
    const own = described[index];
    const descriptor = own?.SerdeInfo === undefined ? table.StorageDescriptor : own;
    const format = textFormatOf(descriptor ?? {}, table.Parameters);
    if (format === undefined)
      throw notEmulated(`A partition of the table ${table.Name} in another format than the table's`);
    const path = `${file.path}.json`;
    const outcome = await convertFile(file, path, columns, format, { most: left, signal });
    rmSync(file.path);
    left -= outcome.written;
    longest = Math.max(longest, outcome.longest);
    for (const column of outcome.bad) bad.add(column);
    converted.push({ ...file, path });
  }
  return { files: converted, longest, bad };
}

/** Characters that are written at once. */
const PIECE = 1_024 * 1_024;

/**
 * Rewrites a text file for DuckDB: the SerDe's rules decide what the values are. Memory does not depend on the size of
 * the file.
 *
 * @param target The path of the new file.
 * @param limits The bytes that it may have, and what ends the conversion.
 * @throws StatementError for a file or a line that cannot be read. A value of another type does not throw.
 */
async function convertFile(
  file: DataFile,
  target: string,
  columns: readonly TextColumnType[],
  format: TextFormat,
  { most, signal }: { readonly most: number; readonly signal: AbortSignal },
): Promise<ConvertedText & { readonly written: number }> {
  const read = rowReader(columns, format);
  const members = columns.map(({ name }) => `${JSON.stringify(name.toLowerCase())}:`);
  const bad = new Set<number>();
  const descriptor = openSync(target, 'wx');
  let longest = 0;
  let skip = format.headerLines;
  let text = '';
  let written = 0;
  const flush = () => {
    const bytes = Buffer.from(text);
    text = '';
    written += bytes.length;
    if (written > most) throw resourcesExhausted();
    writeWhole(descriptor, bytes);
  };
  try {
    for await (const piece of readLines(file, signal)) {
      const lines = skip === 0 ? piece : piece.slice(skip);
      skip -= Math.min(skip, piece.length);
      for (const line of lines) {
        const row = `${document(read(line), members, bad)}\n`;
        longest = Math.max(longest, row.length);
        text += row;
        if (text.length > PIECE) flush();
      }
    }
    flush();
  } finally {
    closeSync(descriptor);
  }
  // A character has at most three bytes a unit.
  return { longest: longest * 3, bad, written };
}

function rowReader(columns: readonly TextColumnType[], format: TextFormat): RowReader {
  switch (format.serde) {
    case 'csv':
      return openCsvReader(columns, format);
    case 'simple':
      return lazySimpleReader(columns, format);
    case 'openx':
      return openXReader(columns, format);
  }
}

/** A row as JSON. Nulls are left out. */
function document(row: RowValues, members: readonly string[], bad: Set<number>): string {
  let text = '';
  for (const [index, value] of row.entries()) {
    if (value === null) continue;
    const separator = text === '' ? '' : ',';
    if (typeof value === 'string') text += `${separator}${members[index]}${value}`;
    else {
      bad.add(index);
      text += `${separator}${JSON.stringify(errorMember(index))}:${errorText(value)}`;
    }
  }
  return `{${text}}`;
}

function errorText({ error }: BadValue): string {
  return JSON.stringify(error);
}
