import { notEmulated } from '../engine/StatementError.ts';
import {
  CSV_SERDE,
  JSON_SERDE,
  PARQUET_STORAGE,
  SERDE_PARAMETERS,
  type TableStorage,
} from '../engine/tableFormat.ts';
import type { StatementReader } from './StatementReader.ts';

/** The format of a table's files. */
interface FileFormat {
  /** The word behind STORED AS. */
  readonly keyword: string;
  /** The classes that read and write files. */
  readonly classes: Pick<TableStorage, 'InputFormat' | 'OutputFormat'>;
}

const PARQUET: FileFormat = { keyword: 'PARQUET', classes: PARQUET_STORAGE };
/** Lines of text: the format of a table without STORED AS. https://docs.aws.amazon.com/athena/latest/ug/create-table.html */
const TEXTFILE: FileFormat = {
  keyword: 'TEXTFILE',
  classes: {
    InputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
    OutputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
  },
};

/** The clauses ROW FORMAT SERDE and STORED AS of a CREATE EXTERNAL TABLE. */
export class StorageClauses {
  #serde: string | undefined;
  #format: FileFormat | undefined;

  /**
   * Reads one of the clauses.
   *
   * @returns Whether it was one.
   * @throws StatementError for ROW FORMAT DELIMITED, a clause that came before, and other formats than Parquet and lines of text; SqlError for an
   *   unexpected token.
   */
  read(reader: StatementReader): boolean {
    if (reader.take('row', 'format')) {
      if (reader.take('delimited')) throw notEmulated('ROW FORMAT DELIMITED');
      reader.expect('serde');
      if (this.#serde !== undefined) throw notEmulated('A second ROW FORMAT');
      this.#serde = reader.text();
      return true;
    }
    if (!reader.take('stored', 'as')) return false;
    if (this.#format !== undefined) throw notEmulated('A second STORED AS');
    this.#format = reader.take('inputformat') ? formatOfClasses(reader) : formatOfKeyword(reader);
    return true;
  }

  /**
   * The storage of a table with these clauses.
   *
   * @throws StatementError for lines of text that are neither JSON nor CSV, and for a SerDe of another format.
   */
  storage(): TableStorage {
    const serde = this.#serde;
    if (this.#format === PARQUET) {
      const isOfParquet = serde === undefined || serde === PARQUET_STORAGE.SerdeInfo.SerializationLibrary;
      if (!isOfParquet) throw notEmulated(`The SerDe ${serde} with STORED AS PARQUET`);
      return PARQUET_STORAGE;
    }
    if (serde === undefined) throw notEmulated('A table of texts without a SerDe');
    if (serde !== CSV_SERDE && serde !== JSON_SERDE) throw notEmulated(`The SerDe ${serde} for texts`);
    return {
      ...TEXTFILE.classes,
      SerdeInfo: { SerializationLibrary: serde, Parameters: SERDE_PARAMETERS },
    };
  }
}

/** Reads the word behind STORED AS. */
function formatOfKeyword(reader: StatementReader): FileFormat {
  const keyword = reader.name().toUpperCase();
  const format = [PARQUET, TEXTFILE].find((known) => known.keyword === keyword);
  if (format === undefined) throw notEmulated(`STORED AS ${keyword}`);
  return format;
}

/** Reads the two classes behind STORED AS INPUTFORMAT. */
function formatOfClasses(reader: StatementReader): FileFormat {
  const inputFormat = reader.text();
  reader.expect('outputformat');
  const outputFormat = reader.text();
  const format = [PARQUET, TEXTFILE].find(
    ({ classes }) => classes.InputFormat === inputFormat && classes.OutputFormat === outputFormat,
  );
  if (format === undefined)
    throw notEmulated(`STORED AS INPUTFORMAT ${inputFormat} OUTPUTFORMAT ${outputFormat}`);
  return format;
}
