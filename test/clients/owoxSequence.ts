import {
  GetDataCatalogCommand,
  GetTableMetadataCommand,
  ListDataCatalogsCommand,
} from '@aws-sdk/client-athena';
import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { z } from 'zod';
import { ended, page, start } from '../harness/answer.ts';
import type { ReaderClients } from './openReaders.ts';

/** The parts of a plan that it reads: https://trino.io/docs/current/sql/explain.html#explain-type-io */
const ioPlanSchema = z.object({
  inputTableColumnInfos: z.array(
    z.object({
      table: z.object({
        schemaTable: z.object({ schema: z.string(), table: z.string() }),
      }),
    }),
  ),
});

/** A field of a data mart's schema. */
interface Field {
  readonly name: string;
  /** As Athena names it. */
  readonly type: string;
  /** The column's comment. */
  readonly description: string | undefined;
}

/** A report as it goes to a spreadsheet. */
interface Report {
  readonly headers: readonly string[];
  /** Athena's types of the columns. */
  readonly types: readonly string[];
  /** The rows as they were read, batch by batch; null is NULL. */
  readonly batches: readonly (readonly (readonly (string | null)[])[])[];
}

/**
 * OWOX Data Marts' Athena storage: neither workgroup nor database, a folder of the output bucket for each thing it
 * does, and everything in it deleted afterwards, by a list of the folder and one call for its keys.
 * https://github.com/OWOX/owox-data-marts: apps/backend/src/data-marts/data-storage-types/athena, adapters/
 * athena-api.adapter.ts, services/athena-data-mart-schema.provider.ts, athena-report-reader.service.ts,
 * athena-create-view.executor.ts
 */
export class OwoxStorage {
  readonly #clients: ReaderClients;
  readonly #bucket: string;
  #folders = 0;

  /** @param bucket The output bucket, which is OWOX's own. */
  constructor(clients: ReaderClients, bucket: string) {
    this.#clients = clients;
    this.#bucket = bucket;
  }

  /** The catalogs that its form could offer. */
  async look(): Promise<void> {
    await this.#clients.athena.send(new ListDataCatalogsCommand({}));
    await this.#clients.athena.send(new GetDataCatalogCommand({ Name: 'AwsDataCatalog' }));
  }

  /** @throws Error with Athena's reason, as its user sees it. */
  async checkAccess(): Promise<void> {
    await this.#execute('SELECT 1', this.#folder('athena-check-access'));
  }

  /** Whether a data mart's query can be planned. @throws Error with Athena's reason. */
  async dryRun(sql: string): Promise<void> {
    await this.#execute(`EXPLAIN ${sql}`, this.#folder('athena-dry-run'));
  }

  /**
   * When the tables that a data mart's query reads were last changed, by `database.table`: the plan names them, and
   * their metadata has the time. @throws Error with Athena's reason.
   */
  async sources(sql: string): Promise<ReadonlyMap<string, Date | undefined>> {
    const { athena } = this.#clients;
    const folder = this.#folder('athena-data-last-updated');
    const id = await this.#execute(`EXPLAIN (TYPE IO, FORMAT JSON) ${sql}`, folder);
    const { rows } = await page(athena, id);
    const text = rows.map(([line]) => line).join('\n');
    // The first line is the column's name, `Query Plan`. OWOX skips what stands before the JSON, too.
    const plan = ioPlanSchema.parse(JSON.parse(text.slice(text.indexOf('{'))));
    await this.#cleanUp(folder);
    const found = new Map<string, Date | undefined>();
    for (const { schemaTable } of plan.inputTableColumnInfos.map(({ table }) => table)) {
      const { schema: DatabaseName, table: TableName } = schemaTable;
      const { TableMetadata } = await athena.send(
        // The plan has the catalog's name in lower case, which is not the name in its ARN.
        new GetTableMetadataCommand({ CatalogName: 'AwsDataCatalog', DatabaseName, TableName }),
      );
      found.set(`${DatabaseName}.${TableName}`, TableMetadata?.CreateTime);
    }
    return found;
  }

  /** The columns of a table, asked for without rows, with their comments. @param name `database.table`. */
  async schema(name: string): Promise<readonly Field[]> {
    const folder = this.#folder('athena-schema-fetch');
    try {
      const id = await this.#execute(`SELECT *\nFROM ${quoted(name)}\nLIMIT 0`, folder);
      const { names, types } = await page(this.#clients.athena, id, 1);
      const [schema, table] = name.split('.');
      const comments = await this.#execute(
        `SELECT column_name, comment FROM information_schema.columns WHERE table_schema = '${schema}' AND table_name = '${table}' AND comment IS NOT NULL`,
        `${folder}-comments`,
      );
      const { rows } = await page(this.#clients.athena, comments);
      const commentOf = new Map(rows.slice(1).map(([column, comment]) => [column, comment ?? undefined]));
      return names.map((column, index) => ({
        name: column,
        type: types[index] ?? '',
        description: commentOf.get(column),
      }));
    } finally {
      // The comments' folder begins like the other, and goes with it.
      await this.#cleanUp(folder);
    }
  }

  /** Runs a report and reads it batch by batch. @param batchRows Rows of a batch; the first includes the names. */
  async report(sql: string, batchRows = 1_000, parameters?: readonly string[]): Promise<Report> {
    const folder = this.#folder('owox-data-marts');
    const id = await this.#execute(sql, folder, parameters);
    const { names, types } = await page(this.#clients.athena, id, 1);
    const batches: (readonly (readonly (string | null)[])[])[] = [];
    let token: string | undefined;
    do {
      const { rows, next } = await page(this.#clients.athena, id, batchRows, token);
      batches.push(token === undefined ? rows.slice(1) : rows);
      token = next;
    } while (token !== undefined);
    await this.#cleanUp(folder);
    return { headers: names, types, batches };
  }

  /** A data mart published as a view. @param name `database.view`. */
  async createView(name: string, sql: string): Promise<void> {
    const folder = this.#folder('owox-data-marts/ddl');
    try {
      await this.#execute(`CREATE OR REPLACE VIEW ${quoted(name)} AS ${sql}`, folder);
    } finally {
      await this.#cleanUp(folder);
    }
  }

  /** First statement of a connector. */
  async prepareConnector(database: string): Promise<void> {
    await this.#execute(`CREATE SCHEMA IF NOT EXISTS \`${database}\``, this.#folder('owox-data-marts/ddl'));
  }

  /** Keys under a prefix of the output bucket. */
  async keys(prefix: string): Promise<readonly string[]> {
    const { Contents = [] } = await this.#clients.s3.send(
      new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: prefix }),
    );
    return Contents.map(({ Key = '' }) => Key);
  }

  #folder(operation: string): string {
    this.#folders += 1;
    return `${operation}/1795176000000-${this.#folders.toString(36)}`;
  }

  async #execute(sql: string, folder: string, parameters?: readonly string[]): Promise<string> {
    const { athena } = this.#clients;
    const id = await start(athena, {
      QueryString: sql,
      ResultConfiguration: { OutputLocation: `s3://${this.#bucket}/${folder}` },
      ...(parameters === undefined ? {} : { ExecutionParameters: [...parameters] }),
    });
    const { State, StateChangeReason } = (await ended(athena, id))?.Status ?? {};
    if (State !== 'SUCCEEDED') throw new Error(`Query execution failed: ${StateChangeReason}`);
    return id;
  }

  async #cleanUp(folder: string): Promise<void> {
    const keys = await this.keys(folder);
    if (keys.length === 0) return;
    const Objects = keys.map((Key) => ({ Key }));
    await this.#clients.s3.send(new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects } }));
  }
}

/** A name of a database and a table, as a statement writes it. */
function quoted(name: string): string {
  return name
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
}
