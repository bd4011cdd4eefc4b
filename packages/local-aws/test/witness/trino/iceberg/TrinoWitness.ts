import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchTrino } from '../askTrino.ts';

const HERE = import.meta.dirname;
/** Trino begins within half a minute; on a machine with fifteen times as much to do as processors it took three. */
const ANSWER_MS = 600_000;

/** A row of an answer; null is a field without a value. */
export type Row = readonly (string | null)[];

/** Where the local cloud answers, and who asks it. */
interface Place {
  readonly edge: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A process of Trino that reads and writes Iceberg tables by the local Glue and S3. */
export class TrinoWitness {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  /** @param libraries Of {@link TrinoWitness.fetch}. */
  constructor(libraries: string, { edge, region, credentials }: Place) {
    this.#child = spawn(
      'java',
      [
        '-Xmx1g',
        '-cp',
        join(libraries, '*'),
        join(HERE, 'IcebergWitness.java'),
        edge,
        region,
        credentials.accessKeyId,
        credentials.secretAccessKey,
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const { stdout, stderr } = this.#child;
    if (!stdout || !stderr) throw new Error('The process has no pipes.');
    this.#lines = createInterface({ input: stdout })[Symbol.asyncIterator]();
    stderr.on('data', (data: Buffer) => {
      this.#said = `${this.#said}${data}`.slice(-3_000);
    });
  }

  /** Fetches Trino and its connector, 204 files of 340 MB, once. @returns Where they are, or what the machine lacks. */
  static fetch(): ReturnType<typeof fetchTrino> {
    return fetchTrino(join(HERE, 'pom.xml'));
  }

  /** The rows of a statement. @throws Error with Trino's message. */
  async rows(sql: string): Promise<Row[]> {
    this.#child.stdin?.write(`${Buffer.from(sql).toString('base64')}\n`);
    const rows: Row[] = [];
    for (;;) {
      const [word, ...fields] = (await this.#line()).split(' ');
      if (word === 'end') return rows;
      if (word === 'failed') throw new Error(`Trino: ${decode(fields[0] ?? '')}`);
      rows.push(fields.map((field) => (field === 'null' ? null : decode(field.slice(1)))));
    }
  }

  close(): void {
    this.#child.kill('SIGKILL');
  }

  async #line(): Promise<string> {
    const late = AbortSignal.timeout(ANSWER_MS);
    const line = await Promise.race([
      this.#lines.next(),
      new Promise<never>((_, reject) =>
        late.addEventListener('abort', () => reject(new Error(`Trino is silent: ${this.#said}`))),
      ),
    ]);
    if (line.done) throw new Error(`Trino ended: ${this.#said}`);
    return line.value;
  }
}

const decode = (base64: string) => Buffer.from(base64, 'base64').toString('utf8');
