import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import {
  type AthenaColumn,
  acceptedCountsQuery,
  acceptedRowsQuery,
  refusedCountsQuery,
  refusedRowsQuery,
  unloadStatement,
} from '../../../../lib/drops/athena/athenaStatements.ts';
import type { EngineFile } from '../../../../lib/parquet/FileSchema.ts';
import { openStatementRunner } from '../../../../packages/local-aws/src/athena/index.ts';
import { ManualClock } from '../../../../packages/local-aws/src/base/index.ts';
import { Catalog } from '../../../../packages/local-aws/src/glue/index.ts';
import { ObjectStore } from '../../../../packages/local-aws/src/s3/index.ts';
import { temporaryDirectory } from '../../../harness/temporaryDirectory.ts';
import { MappingBench } from '../engine/MappingBench.ts';
import type { DropCase } from './cases/DropCase.ts';
import { acceptedRows, compileDrop, loadByDuckDb, type Outcome, positive, refusedRows } from './loadDrop.ts';

type Drop = Pick<DropCase, 'dataset' | 'unitIds'>;

const DATABASE = 'scratch';
const BUCKET = 'results';
const EQUAL_ROWS = '^(\\d+) equal rows, ';

/** The runner of the local Athena's statements, without the service before it, which clients ask again and again. */
async function openAthena() {
  const { path, remove } = temporaryDirectory();
  const clock = new ManualClock(Date.UTC(2026, 10, 21));
  const store = ObjectStore.open({ directory: join(path, 's3'), clock });
  const catalog = Catalog.open({ directory: join(path, 'glue'), clock });
  const prepared = { find: () => undefined, put: () => undefined, remove: () => false };
  const runner = await openStatementRunner({ catalog, store, prepared, clock, directory: join(path, 'tmp') });
  store.createBucket(BUCKET);
  store.createBucket('acme-drops');
  catalog.createDatabase({ Name: DATABASE });
  return {
    store,
    catalog,
    runner,
    async close() {
      await runner.close();
      store.close();
      remove();
    },
  };
}

/** Loads of the same files by DuckDB and by the local Athena. */
export class AthenaBench {
  readonly bench: MappingBench;
  readonly #athena: Awaited<ReturnType<typeof openAthena>>;
  #loads = 0;

  private constructor(bench: MappingBench, athena: Awaited<ReturnType<typeof openAthena>>) {
    this.bench = bench;
    this.#athena = athena;
  }

  static async open(): Promise<AthenaBench> {
    return new AthenaBench(await MappingBench.open(), await openAthena());
  }

  /** @throws FileError for a file that Athena can't read. */
  async byAthena(drop: Drop, files: readonly EngineFile[]): Promise<Outcome> {
    this.#loads += 1;
    const load = await compileDrop(this.bench, drop, files, {
      database: DATABASE,
      nameOf: (number) => `l${this.#loads}_${number}`,
    });
    for (const file of files)
      await this.#athena.store.put('acme-drops', file.name, createReadStream(file.path));
    for (const { name, columns, files: own } of load.tables) {
      const targets = own.map((i) => `s3://acme-drops/${files[i]?.name}`);
      await this.#athena.store.put(BUCKET, `links/${name}/files`, Buffer.from(targets.join('\n')));
      this.#createTable(
        name,
        columns,
        `links/${name}/`,
        'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat',
      );
    }
    const rows = await this.#unload(acceptedRowsQuery(load), `rows_${this.#loads}`);
    const refused = load.groups.some(({ mapped }) => mapped.problems.length > 0)
      ? await this.#unload(refusedRowsQuery(load), `refused_${this.#loads}`)
      : null;
    const accepted =
      rows === null ? [] : await this.#run(acceptedCountsQuery(DATABASE, `rows_${this.#loads}`));
    const reasons =
      refused === null ? [] : await this.#run(refusedCountsQuery(DATABASE, `refused_${this.#loads}`));
    return {
      rows: rows === null ? [] : await acceptedRows(this.bench, rows),
      refused:
        refused === null
          ? []
          : await refusedRows(
              this.bench,
              refused,
              `regexp_replace(detail, '${EQUAL_ROWS}', '')`,
              `coalesce(TRY_CAST(regexp_extract(detail, '${EQUAL_ROWS}', 1) AS BIGINT), 1)`,
            ),
      counts: countsOf(accepted, reasons, load.mapping.origin),
    };
  }

  byDuckDb(drop: Drop, files: readonly EngineFile[]): Promise<Outcome> {
    return loadByDuckDb(this.bench, drop, files);
  }

  async close(): Promise<void> {
    this.bench.close();
    await this.#athena.close();
  }

  #createTable(name: string, columns: readonly AthenaColumn[], folder: string, inputFormat: string): void {
    this.#athena.catalog.createTable(DATABASE, {
      Name: name,
      TableType: 'EXTERNAL_TABLE',
      Parameters: { EXTERNAL: 'TRUE' },
      PartitionKeys: [],
      StorageDescriptor: {
        Columns: columns.map((column) => ({ Name: column.name, Type: column.type })),
        Location: `s3://${BUCKET}/${folder}`,
        InputFormat: inputFormat,
        SerdeInfo: { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      },
    });
  }

  /** Writes rows, and makes a table over what is counted of them. @returns Path of the file; null without rows. */
  async #unload(query: string, name: string): Promise<string | null> {
    await this.#run(unloadStatement(query, `s3://${BUCKET}/${name}/`));
    const bucket = this.#athena.store.bucket(BUCKET);
    const [entry] = bucket.list({ prefix: `${name}/`, after: '', limit: 1 }).entries;
    if (entry === undefined || !('object' in entry)) return null;
    const path = bucket.pathOf(entry.object);
    const columns = (await this.bench.query(`DESCRIBE SELECT * FROM read_parquet('${path}')`)).map(
      ({ column_name, column_type }) => ({
        name: String(column_name),
        type: String(column_type).replace('VARCHAR', 'string').toLowerCase(),
      }),
    );
    this.#createTable(
      name,
      columns,
      `${name}/`,
      'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
    );
    return path;
  }

  /** @returns The rows of a query; empty for an UNLOAD. */
  async #run(statement: string): Promise<readonly (readonly (string | null)[])[]> {
    const { runner } = this.#athena;
    runner.classify(statement);
    const { rows } = await runner.run(statement, {
      catalog: 'AwsDataCatalog',
      database: DATABASE,
      parameters: [],
      executionId: randomUUID(),
      outputLocation: `s3://${BUCKET}/out/`,
      workGroup: 'primary',
      onCall: () => undefined,
      signal: new AbortController().signal,
    });
    const read = [];
    for await (const chunk of rows) read.push(...chunk);
    return read;
  }
}

/**
 * The counts of a load by Athena.
 *
 * @param accepted `source_file`, `n`.
 * @param refused `path`, `reason`, `n`.
 * @param origin Of paths.
 */
export function countsOf(
  accepted: readonly (readonly (string | null | undefined)[])[],
  refused: readonly (readonly (string | null | undefined)[])[],
  origin: string,
): Outcome['counts'] {
  const sum = (pairs: readonly (readonly [string, number])[]) => {
    const sums = new Map<string, number>();
    for (const [name, n] of pairs) sums.set(name, (sums.get(name) ?? 0) + n);
    return positive([...sums]);
  };
  return {
    accepted: sum(accepted.map(([file, n]) => [file ?? '', Number(n)])),
    refused: sum(refused.map(([path, reason, n]) => [`${path?.slice(origin.length)} ${reason}`, Number(n)])),
  };
}
