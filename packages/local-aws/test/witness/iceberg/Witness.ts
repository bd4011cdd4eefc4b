import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** Receives each check and what failed; empty if nothing did. */
export type Tell = (what: string, failure: string) => void;

/** Whom the witnesses call as. */
export const ROOT = { region: 'us-east-1', accessKeyId: 'test', secretAccessKey: 'test' } as const;

/** A row as a list of texts or null. */
export type Row = readonly (string | null)[];

/** A table as pyiceberg reads it. */
export interface Seen {
  readonly rows: readonly Row[];
  readonly snapshots: readonly string[];
  /** Summary of the current snapshot. */
  readonly summary: Readonly<Record<string, string>>;
  /** Expected totals of the summary, by the snapshot's files. */
  readonly totals: Readonly<Record<string, number>>;
  /** Whether the current snapshot was written with the columns that the table has now. */
  readonly hasCurrentSchema: boolean;
  /** Which headers of Avro files lack what. */
  readonly wrong: readonly string[];
}

const row = z.array(z.string().nullable());
const seenSchema = z.object({
  rows: z.array(row),
  snapshots: z.array(z.string()),
  summary: z.record(z.string(), z.string()),
  totals: z.record(z.string(), z.int()),
  hasCurrentSchema: z.boolean(),
  wrong: z.array(z.string()),
});
const toldSchema = z.union([z.object({ ok: z.unknown() }), z.object({ error: z.string() })]);

/** Importing pyiceberg takes seconds, more on a busy machine. */
const ANSWER_MS = 120_000;

/** A process of pyiceberg that reads and writes tables by the local Glue and S3. */
export class Witness {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  /** @param bin Commands of the Python environment. @param edge Where the local cloud answers. */
  constructor(bin: string, edge: string) {
    const others = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
    this.#child = spawn(join(bin, 'python'), [join(import.meta.dirname, 'witness.py')], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(others),
        AWS_ENDPOINT_URL: edge,
        AWS_ACCESS_KEY_ID: ROOT.accessKeyId,
        AWS_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
        AWS_DEFAULT_REGION: ROOT.region,
        AWS_EC2_METADATA_DISABLED: 'true',
      },
    });
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error('The process has no pipes.');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    stderr.on('data', (data: Buffer) => {
      this.#said = `${this.#said}${data}`.slice(-10_000);
    });
  }

  async read(table: string, snapshot?: string): Promise<Seen> {
    return seenSchema.parse(await this.#ask({ operation: 'read', table, ...(snapshot && { snapshot }) }));
  }

  async append(table: string, rows: readonly Row[]): Promise<void> {
    await this.#ask({ operation: 'append', table, rows });
  }

  /** Deletes rows by writing files again, as pyiceberg does. */
  async delete(table: string, column: string, value: number): Promise<void> {
    await this.#ask({ operation: 'delete', table, column, value });
  }

  /** Deletes rows and appends others. */
  async overwrite(table: string, column: string, value: number, rows: readonly Row[]): Promise<void> {
    await this.#ask({ operation: 'overwrite', table, column, value, rows });
  }

  /** Changes the partitions: removes a field by its place, and adds one. */
  async evolve(
    table: string,
    remove: number | null,
    add: { readonly column: string; readonly transform: string; readonly name: string } | null,
  ): Promise<void> {
    await this.#ask({ operation: 'evolve', table, remove, add });
  }

  async rename(table: string, column: string, to: string): Promise<void> {
    await this.#ask({ operation: 'rename', table, column, to });
  }

  /** Creates a table with another's columns and partitions. */
  async createLike(table: string, like: string, location: string): Promise<void> {
    await this.#ask({ operation: 'create', table, like, location });
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  async #ask(command: object): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const late = AbortSignal.timeout(ANSWER_MS);
    const line = await Promise.race([
      this.#lines.next(),
      new Promise<never>((_, reject) =>
        late.addEventListener('abort', () => reject(new Error(`pyiceberg is silent: ${this.#said}`))),
      ),
    ]);
    if (line.done) throw new Error(`pyiceberg ended: ${this.#said}`);
    const told = toldSchema.parse(JSON.parse(line.value));
    if ('error' in told) throw new Error(`pyiceberg: ${told.error}`);
    return told.ok;
  }
}
