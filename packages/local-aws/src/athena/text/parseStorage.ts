import { notEmulated, statementError } from '../engine/StatementError.ts';
import type { StatementReader } from '../statements/StatementReader.ts';
import { isTextSerde, type TableStorage, TEXT_SERDES } from './TextFormat.ts';

/** The clause ROW FORMAT: a SerDe, or delimiters. */
export interface RowFormat {
  readonly library: string | undefined;
  readonly parameters: Readonly<Record<string, string>>;
}

/** The clause STORED AS. */
export type StoredAs =
  | { readonly format: 'parquet' | 'textfile' }
  | { readonly format: 'classes'; readonly input: string; readonly output: string };

const TEXT_INPUT = 'org.apache.hadoop.mapred.TextInputFormat';
const TEXT_OUTPUT = 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat';

/** The storage of text files. @param parameters Those of the SerDe. */
function textStorage(library: string, parameters: Readonly<Record<string, string>> = {}): TableStorage {
  return {
    InputFormat: TEXT_INPUT,
    OutputFormat: TEXT_OUTPUT,
    SerdeInfo: {
      SerializationLibrary: library,
      Parameters: { 'serialization.format': '1', ...parameters },
    },
  };
}

/** Parses what follows ROW FORMAT. https://docs.aws.amazon.com/athena/latest/ug/create-table.html */
export function parseRowFormat(reader: StatementReader): RowFormat {
  if (reader.take('serde')) {
    const library = reader.text();
    const parameters = reader.take('with', 'serdeproperties')
      ? Object.fromEntries(reader.textProperties())
      : {};
    return { library, parameters };
  }
  reader.expect('delimited');
  const parameters: Record<string, string> = {};
  for (;;) {
    if (reader.take('fields', 'terminated', 'by')) {
      const delimiter = reader.text();
      parameters['field.delim'] = delimiter;
      parameters['serialization.format'] = delimiter;
      if (reader.take('escaped', 'by')) parameters['escape.delim'] = reader.text();
    } else if (reader.peek('collection') || reader.peek('map'))
      throw notEmulated('Delimiters of nested values');
    else if (reader.take('lines', 'terminated', 'by')) {
      const delimiter = reader.text();
      if (delimiter !== '\n' && delimiter !== '10') {
        throw statementError(
          'DDL',
          `SemanticException LINES TERMINATED BY only supports newline '\\n' right now. Error encountered near token '${delimiter}'`,
        );
      }
      parameters['line.delim'] = delimiter;
    } else if (reader.take('null', 'defined', 'as')) parameters['serialization.null.format'] = reader.text();
    else return { library: undefined, parameters };
  }
}

/** Parses what follows STORED AS. */
export function parseStoredAs(reader: StatementReader): StoredAs {
  if (reader.take('inputformat')) {
    const input = reader.text();
    reader.expect('outputformat');
    return { format: 'classes', input, output: reader.text() };
  }
  const format = reader.name().toLowerCase();
  if (format === 'parquet' || format === 'textfile') return { format };
  throw notEmulated(`STORED AS ${format.toUpperCase()}`);
}

/**
 * The storage of a table with such clauses; undefined for Parquet. Text is the default.
 *
 * @throws StatementError for SerDes and formats that are not emulated.
 */
export function tableStorage(
  row: RowFormat | undefined,
  stored: StoredAs | undefined,
): TableStorage | undefined {
  const input = stored?.format === 'classes' ? stored.input : undefined;
  const isParquetInput = input?.endsWith('MapredParquetInputFormat') ?? false;
  const library = row?.library;
  const isParquetSerde = library?.endsWith('ParquetHiveSerDe') ?? false;
  if (library !== undefined && !isParquetSerde && !isTextSerde(library))
    throw notEmulated(`The SerDe ${library}`);
  if (input !== undefined && !isParquetInput && input !== TEXT_INPUT)
    throw notEmulated(`The input format ${input}`);
  const isParquet =
    isParquetInput || stored?.format === 'parquet' || (isParquetSerde && stored === undefined);
  if (isParquet) {
    if (row !== undefined && !isParquetSerde)
      throw notEmulated(
        `${library === undefined ? 'ROW FORMAT DELIMITED' : `The SerDe ${library}`} of Parquet files`,
      );
    return undefined;
  }
  if (isParquetSerde) throw notEmulated(`The SerDe ${library} of text files`);
  const storage = textStorage(library ?? TEXT_SERDES.lazySimple, row?.parameters);
  return stored?.format === 'classes'
    ? { ...storage, InputFormat: stored.input, OutputFormat: stored.output }
    : storage;
}
