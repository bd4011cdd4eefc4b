import type { Column } from '../../glue/index.ts';
import { statementError } from '../engine/StatementError.ts';
import { textStorage } from './parseStorage.ts';
import { textColumns } from './partitionColumns.ts';
import { type TableStorage, TEXT_SERDES, textFormatOf } from './TextFormat.ts';
import { type TextOutput, textCompression } from './writeText.ts';

/** The properties of CTAS and UNLOAD that decide how the files are written. */
export interface FormatProperties {
  readonly format: string | undefined;
  readonly delimiter: string | undefined;
  readonly compression: string | undefined;
  readonly level: string | undefined;
  readonly parquetCompression: string | undefined;
}

/** How CTAS and UNLOAD write text files. */
export interface StatementFormat {
  readonly output: TextOutput;
  /** Of the table that CTAS creates. */
  readonly storage: TableStorage;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The text format of CTAS and UNLOAD. https://docs.aws.amazon.com/athena/latest/ug/create-table-as.html
 *
 * @param columns Without the partition keys.
 * @returns undefined for Parquet, the default.
 * @throws StatementError for other formats, and properties of another format.
 */
export function statementFormat(
  { format = 'PARQUET', delimiter, compression, level, parquetCompression }: FormatProperties,
  columns: readonly Column[],
): StatementFormat | undefined {
  const name = format.toUpperCase();
  if (name !== 'PARQUET' && name !== 'TEXTFILE' && name !== 'JSON') {
    throw statementError(
      'NOT_SUPPORTED',
      `Writing in the format ${format} is not emulated by the local Athena, which writes PARQUET, TEXTFILE and JSON`,
    );
  }
  if (delimiter !== undefined && name !== 'TEXTFILE') wrongProperty('field_delimiter', name);
  if (name === 'PARQUET') return undefined;
  if (parquetCompression !== undefined) wrongProperty('parquet_compression', name);
  if (delimiter !== undefined && [...delimiter].length !== 1)
    throw statementError('INVALID_TABLE_PROPERTY', 'field_delimiter must be a single character');
  const storage =
    name === 'JSON'
      ? textStorage(TEXT_SERDES.hiveJson)
      : textStorage(
          TEXT_SERDES.lazySimple,
          delimiter === undefined ? {} : { 'field.delim': delimiter, 'serialization.format': delimiter },
        );
  const text = textFormatOf(storage);
  if (text === undefined) return undefined;
  return {
    output: {
      format: text,
      compression: textCompression(compression, level),
      columns: textColumns([...columns]),
    },
    storage,
    parameters: compression === undefined ? {} : { 'write.compression': compression.toUpperCase() },
  };
}

function wrongProperty(property: string, format: string): never {
  throw statementError(
    'INVALID_TABLE_PROPERTY',
    `Cannot specify ${property} property for storage format: ${format}`,
  );
}
