import { notEmulated } from '../engine/StatementError.ts';
import { CSV_SERDE, JSON_SERDE } from '../engine/tableFormat.ts';
import type { TableStorage } from './Statement.ts';
import type { StatementReader } from './StatementReader.ts';

/** The clauses ROW FORMAT SERDE and STORED AS of a CREATE EXTERNAL TABLE. */
export class StorageClauses {
  #serde: string | undefined;
  #format: string | undefined;

  /** Reads one of the clauses. @returns Whether it was one. @throws StatementError for others than of {@link storage}. */
  read(reader: StatementReader): boolean {
    if (reader.take('row', 'format')) {
      if (!reader.take('serde')) throw notEmulated('ROW FORMAT DELIMITED');
      this.#serde = reader.text();
      return true;
    }
    if (!reader.take('stored', 'as')) return false;
    if (reader.take('inputformat')) {
      this.#format = reader.text();
      reader.expect('outputformat');
      reader.text();
    } else this.#format = reader.name().toUpperCase();
    return true;
  }

  /**
   * The storage of a table with these clauses; undefined for Parquet.
   *
   * @throws StatementError for other formats than Parquet, and texts of JSON and CSV.
   */
  storage(): TableStorage | undefined {
    const serde = this.#serde;
    const format = this.#format;
    const isParquet = /parquet/i.test(format ?? serde ?? '');
    if (isParquet && (serde === undefined || serde.endsWith('ParquetHiveSerDe'))) return undefined;
    const isText = format === undefined || format === 'TEXTFILE' || format === TEXT_INPUT;
    if (!isText) throw notEmulated(`STORED AS ${format}`);
    if (serde !== CSV_SERDE && serde !== JSON_SERDE)
      throw notEmulated(serde === undefined ? 'A table of texts without a SerDe' : `The SerDe ${serde}`);
    return {
      InputFormat: TEXT_INPUT,
      OutputFormat: TEXT_OUTPUT,
      SerdeInfo: { SerializationLibrary: serde, Parameters: { 'serialization.format': '1' } },
    };
  }
}

/** The format of lines of text. */
const TEXT_INPUT = 'org.apache.hadoop.mapred.TextInputFormat';
/** The format in which Hive writes lines of text. */
const TEXT_OUTPUT = 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat';
