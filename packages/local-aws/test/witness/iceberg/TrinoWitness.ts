import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchTrino } from '../trino/askTrino.ts';
import { ROOT, type Row } from './Witness.ts';

const HERE = join(import.meta.dirname, '..', 'trino', 'iceberg');
/** Trino begins within half a minute; on a machine with fifteen times as much to do as processors it took three. */
const ANSWER_MS = 600_000;

/** A process of Trino that reads and writes tables by the local Glue and S3. */
export class TrinoWitness {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  private constructor(libraries: string, edge: string) {
    const { region, accessKeyId, secretAccessKey } = ROOT;
    this.#child = spawn(
      'java',
      [
        ...['-Xmx1g', '-cp', join(libraries, '*'), join(HERE, 'IcebergWitness.java')],
        ...[edge, region, accessKeyId, secretAccessKey],
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

  /** @param edge Where the local cloud answers. @returns Trino, or what the machine lacks. */
  static open(edge: string): TrinoWitness | { readonly missing: string } {
    const found = fetchTrino(join(HERE, 'pom.xml'));
    return 'missing' in found ? found : new TrinoWitness(found.libraries, edge);
  }

  /** The rows of a statement. */
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
