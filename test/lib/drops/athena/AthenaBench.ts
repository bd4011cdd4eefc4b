import { createReadStream } from 'node:fs';
import {
  type AthenaMapping,
  acceptedRowsQuery,
  refusedRowsQuery,
  unloadStatement,
} from '../../../../lib/drops/athena/athenaStatements.ts';
import { type FileTable, groupFiles } from '../../../../lib/drops/athena/athenaTables.ts';
import type { EngineFile, FileSchema } from '../../../../lib/drops/engine/Engine.ts';
import { athenaDialect } from '../../../../lib/drops/mapping/athena/athenaDialect.ts';
import { compileMapping } from '../../../../lib/drops/mapping/compileMapping.ts';
import { openStatementRunner } from '../../../../packages/local-aws/src/athena/index.ts';
import { BUCKET, runToEnd, startAthena } from '../../../../packages/local-aws/test/harness/startAthena.ts';
import { type DatasetInput, MappingBench, subjectOf } from '../engine/MappingBench.ts';

type Rows = readonly Readonly<Record<string, unknown>>[];

/** What came of a load, without the columns that differ by design: row numbers, and IDs and details of refused rows. */
export interface Outcome {
  readonly rows: Rows;
  /** Refused rows by file, reason and column, with their number. */
  readonly refused: Rows;
}

/** Times as Athena reads them: rounded to milliseconds. */
const TIMES = `REPLACE (date_trunc('milliseconds', "timestamp" + INTERVAL 500 MICROSECONDS) AS "timestamp")`;

/** Loads of the same files by DuckDB and by the local Athena. */
export class AthenaBench {
  readonly bench: MappingBench;
  readonly #athena: Awaited<ReturnType<typeof startAthena>>;
  #loads = 0;

  private constructor(bench: MappingBench, athena: Awaited<ReturnType<typeof startAthena>>) {
    this.bench = bench;
    this.#athena = athena;
  }

  static async open(): Promise<AthenaBench> {
    const athena = await startAthena(openStatementRunner);
    athena.store.createBucket('acme-drops');
    athena.catalog.createDatabase({ Name: 'scratch' });
    return new AthenaBench(await MappingBench.open(), athena);
  }

  /** The statements of a load. */
  async compile(
    dataset: DatasetInput,
    files: readonly EngineFile[],
    unitIds: Record<string, string> = {},
  ): Promise<AthenaMapping & { readonly tables: readonly FileTable[] }> {
    const schemas = (await this.bench.describe(files)).map((file): FileSchema => {
      if ('problem' in file) throw file.problem;
      return file;
    });
    const mapping = compileMapping(subjectOf(dataset, unitIds), schemas, athenaDialect);
    this.#loads += 1;
    const { groups, tables } = groupFiles(mapping, schemas, (number) => `l${this.#loads}_${number}`);
    const at = Date.UTC(2026, 10, 21);
    return { mapping, groups, tables, database: 'scratch', loadedAt: at, receivedAt: at };
  }

  async byAthena(
    dataset: DatasetInput,
    files: readonly EngineFile[],
    unitIds: Record<string, string> = {},
  ): Promise<Outcome> {
    const load = await this.compile(dataset, files, unitIds);
    for (const file of files)
      await this.#athena.store.put('acme-drops', file.name, createReadStream(file.path));
    for (const table of load.tables) await this.#createTable(table, files);
    const rows = await this.#unload(acceptedRowsQuery(load), `rows-${this.#loads}`);
    const refused = load.groups.some(({ mapped }) => mapped.problems.length > 0)
      ? await this.#unload(refusedRowsQuery(load), `refused-${this.#loads}`)
      : null;
    return outcomeOf(
      this.bench,
      rows,
      refused,
      "regexp_replace(detail, '^\\d+ equal rows, ', '')",
      "coalesce(TRY_CAST(regexp_extract(detail, '^(\\d+) equal rows, ', 1) AS BIGINT), 1)",
    );
  }

  async byDuckDb(
    dataset: DatasetInput,
    files: readonly EngineFile[],
    unitIds: Record<string, string> = {},
  ): Promise<Outcome> {
    const { result } = await this.bench.load(dataset, files, { unitIds });
    return outcomeOf(
      this.bench,
      result.written[0]?.path ?? null,
      result.refusedFile?.path ?? null,
      "regexp_replace(detail, '^row \\d+, ', '')",
      '1',
    );
  }

  async close(): Promise<void> {
    this.bench.close();
    await this.#athena.close();
  }

  async #createTable({ name, columns, files }: FileTable, all: readonly EngineFile[]): Promise<void> {
    const { store, catalog } = this.#athena;
    const targets = files.map((i) => `s3://acme-drops/${all[i]?.name}`);
    await store.put(BUCKET, `links/${name}/files`, Buffer.from(targets.join('\n')));
    catalog.createTable('scratch', {
      Name: name,
      TableType: 'EXTERNAL_TABLE',
      Parameters: { EXTERNAL: 'TRUE' },
      PartitionKeys: [],
      StorageDescriptor: {
        Columns: columns.map((column) => ({ Name: column.name, Type: column.type })),
        Location: `s3://${BUCKET}/links/${name}/`,
        InputFormat: 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat',
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      },
    });
  }

  /** @returns Path of the file that was written; null without rows. */
  async #unload(query: string, folder: string): Promise<string | null> {
    const statement = unloadStatement(query, `s3://${BUCKET}/${folder}/`);
    const execution = await runToEnd(this.#athena.client, statement, {
      QueryExecutionContext: { Database: 'scratch' },
    });
    const { State, StateChangeReason } = execution?.Status ?? {};
    if (State !== 'SUCCEEDED') throw new Error(`${StateChangeReason}\n${statement}`);
    const bucket = this.#athena.store.bucket(BUCKET);
    const [entry] = bucket.list({ prefix: `${folder}/`, after: '', limit: 1 }).entries;
    return entry !== undefined && 'object' in entry ? bucket.pathOf(entry.object) : null;
  }
}

async function outcomeOf(
  bench: MappingBench,
  rows: string | null,
  refused: string | null,
  detail: string,
  count: string,
): Promise<Outcome> {
  const columns = rows === null ? [] : await bench.query(`DESCRIBE SELECT * FROM read_parquet('${rows}')`);
  const times = columns.some((column) => column['column_name'] === 'timestamp') ? TIMES : '';
  return {
    rows:
      rows === null
        ? []
        : await bench.query(
            `SELECT * EXCLUDE (row_number) ${times} FROM read_parquet('${rows}') ORDER BY ALL`,
          ),
    refused:
      refused === null
        ? []
        : await bench.query(
            `SELECT path, reason, ${detail} AS detail, received_at, key_label, sum(${count}) AS n FROM read_parquet('${refused}') GROUP BY ALL ORDER BY ALL`,
          ),
  };
}
