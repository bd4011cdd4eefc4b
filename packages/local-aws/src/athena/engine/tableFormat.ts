import { quoteName, quoteText } from '../../base/sql.ts';
import type { TableEntry } from '../../glue/index.ts';
import { PARQUET_SERDE, PARQUET_SERDES } from '../../trino/index.ts';
import type { DataFile } from './dataFiles.ts';
import { notEmulated, statementError } from './StatementError.ts';

/** OpenX's JSON: a document a line. https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html */
export const JSON_SERDE = 'org.openx.data.jsonserde.JsonSerDe';
/** CSV of texts, as dbt uploads its seeds. https://docs.aws.amazon.com/athena/latest/ug/csv-serde.html */
export const CSV_SERDE = 'org.apache.hadoop.hive.serde2.OpenCSVSerde';

/** The members of a storage descriptor that say how the files are read. */
export interface TableStorage {
  /** The class that reads files. */
  readonly InputFormat: string;
  /** The class that writes files. */
  readonly OutputFormat: string;
  /** The class that reads rows, with its settings. */
  readonly SerdeInfo: {
    readonly SerializationLibrary: string;
    readonly Parameters: Readonly<Record<string, string>>;
  };
}

/**
 * What Athena states of a SerDe for which a statement states nothing:
 * https://docs.aws.amazon.com/cli/latest/reference/athena/get-table-metadata.html#examples
 */
export const SERDE_PARAMETERS: Readonly<Record<string, string>> = { 'serialization.format': '1' };

/** Storage of a table of Parquet. https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html */
export const PARQUET_STORAGE: TableStorage = {
  InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  SerdeInfo: {
    SerializationLibrary: PARQUET_SERDE,
    Parameters: SERDE_PARAMETERS,
  },
};

/** The format of a table's files. */
export type TableFormat =
  | { readonly kind: 'parquet' | 'json' }
  /** `headerLines` are skipped at the start of each file. */
  | { readonly kind: 'csv'; readonly headerLines: number };

/** Properties of a table of texts and of its SerDe that change what is read. */
const READING =
  /^(?:skip\.|use\.null|serialization\.(?:null|last)|timestamp\.|mapping\.|ignore\.|case\.|dots\.)|Char$/;

/**
 * The format of a table's files.
 *
 * @throws StatementError HIVE_UNSUPPORTED_FORMAT for formats, NOT_SUPPORTED for properties that are not emulated.
 */
export function tableFormatOf({ input }: TableEntry): TableFormat {
  const { StorageDescriptor: { InputFormat = '', SerdeInfo = {}, Columns = [] } = {}, Parameters } = input;
  const { SerializationLibrary: serde = '' } = SerdeInfo;
  if (InputFormat.endsWith('.SymlinkTextInputFormat'))
    throw notEmulated(`Manifests, as of the table ${input.Name},`);
  if (PARQUET_SERDES.includes(serde)) return { kind: 'parquet' };
  if (serde !== JSON_SERDE && serde !== CSV_SERDE)
    throw statementError(
      'HIVE_UNSUPPORTED_FORMAT',
      `The format of the table ${input.Name} is not emulated by the local Athena: it reads Parquet, and texts by ${JSON_SERDE} and ${CSV_SERDE}`,
    );
  const { 'skip.header.line.count': header = '0', ...properties } = {
    ...Parameters,
    ...SerdeInfo.Parameters,
  };
  const refused = Object.keys(properties).find((name) => READING.test(name));
  if (refused !== undefined) throw notEmulated(`The property ${refused}`);
  if (serde === JSON_SERDE) {
    if (header !== '0') throw notEmulated('The property skip.header.line.count of a table of JSON');
    return { kind: 'json' };
  }
  if (!/^\d{1,9}$/.test(header))
    throw statementError('HIVE_INVALID_METADATA', `Invalid value for skip.header.line.count: ${header}`);
  const typed = Columns.find(({ Type = 'string' }) => Type.toLowerCase() !== 'string');
  if (typed !== undefined)
    throw notEmulated(`The type ${typed.Type} of the column ${typed.Name} with OpenCSVSerde`);
  return { kind: 'csv', headerLines: Number(header) };
}

/** Endings of compressed texts that Athena reads. */
const COMPRESSED = /\.(?:bz2|deflate|lz4|lzo|snappy|zst)$/;

/**
 * The ending that DuckDB has to know a file by.
 *
 * @throws StatementError NOT_SUPPORTED for a text that is compressed otherwise than by gzip.
 */
export function fileEnding({ kind }: TableFormat, { bucket, key }: DataFile): string {
  if (kind === 'parquet') return 'parquet';
  const [ending] = COMPRESSED.exec(key) ?? [];
  if (ending !== undefined)
    throw notEmulated(`A text that is compressed as ${ending}, s3://${bucket}/${key},`);
  return key.endsWith('.gz') ? `${kind}.gz` : kind;
}

/** SQL of DuckDB's function that reads files, without its options for the folders of partitions. */
export function readFunction(
  format: TableFormat,
  columns: readonly { readonly name: string; readonly type: string }[],
): readonly [name: string, options: readonly string[]] {
  const members = columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`).join(', ');
  const types = `{${members}}`;
  switch (format.kind) {
    case 'parquet':
      return ['read_parquet', ['union_by_name = true']];
    case 'json':
      return ['read_json', ["format = 'newline_delimited'", 'records = true', `columns = ${types}`]];
    case 'csv': {
      const columnNames = columns.map(({ name }) => quoteName(name)).join(', ');
      return [
        'read_csv',
        [
          `auto_detect = false, header = false, skip = ${format.headerLines}, delim = ',', quote = '"', escape = '"'`,
          `null_padding = true, force_not_null = [${columnNames}], columns = ${types}`,
        ],
      ];
    }
  }
}
