import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fetchTrino } from '../askTrino.ts';

const HERE = import.meta.dirname;
/** Trino begins within half a minute; on a machine with fifteen times as much to do as processors it took three. */
const ANSWER_MS = 600_000;
/** Characters of the process's errors that are kept for a message. */
const ERROR_CHARACTERS = 3_000;

/** A row of an answer; null is a field without a value. */
export type Row = readonly (string | null)[];

/** Where the local cloud answers, and who asks it. */
interface Place {
  /** Endpoint of Glue and S3. */
  readonly edge: string;
  /** The region that requests are signed for. */
  readonly region: string;
  /** The key that signs. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/**
 * A process of Trino (IcebergWitness.java) that reads and writes Iceberg tables by the local Glue and S3.
 *
 * It reads statements from its stdin, one a line in base64. To each it prints lines on its stdout: `row` with a word for each
 * field, `=` and the text in base64 or `null`; then `end`. Of a statement that fails it prints `failed` and the message in
 * base64 instead.
 */
export class TrinoWitness {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  /** The end of what the process has printed on stderr. */
  #errors = '';

  /** Starts the process. @param libraries Where {@link TrinoWitness.fetch} has put them. */
  constructor(libraries: string, { edge, region, credentials }: Place) {
    const { accessKeyId, secretAccessKey } = credentials;
    const classes = ['-cp', join(libraries, '*')];
    const program = [join(HERE, 'IcebergWitness.java'), edge, region, accessKeyId, secretAccessKey];
    this.#child = spawn('java', ['-Xmx1g', ...classes, ...program], { stdio: 'pipe' });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on('data', (data: Buffer) => {
      this.#errors = `${this.#errors}${data}`.slice(-ERROR_CHARACTERS);
    });
  }

  /** Fetches Trino and its connector, 204 files of 340 MB, once. @returns Where they are, or what the machine lacks. */
  static fetch(): { readonly libraries: string } | { readonly missing: string } {
    return fetchTrino(join(HERE, 'pom.xml'));
  }

  /** The rows of a statement. One statement runs at a time. @throws Error with Trino's message. */
  async rows(sql: string): Promise<Row[]> {
    this.#child.stdin.write(`${encode(sql)}\n`);
    const rows: Row[] = [];
    for (;;) {
      const line = await this.#readLine();
      const [word, ...fields] = line.split(' ');
      switch (word) {
        case 'row':
          rows.push(fields.map((field) => (field === 'null' ? null : decode(field.slice(1)))));
          break;
        case 'end':
          return rows;
        case 'failed':
          throw new Error(`Trino: ${fields.map(decode).join(' ')}`);
        default:
          throw new Error(`Trino printed no answer: ${line}`);
      }
    }
  }

  /** Ends the process. */
  close(): void {
    this.#child.kill('SIGKILL');
  }

  /** The next line of the answer. @throws Error if the process ends or is silent for {@link ANSWER_MS}. */
  async #readLine(): Promise<string> {
    const { promise: silence, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`Trino is silent: ${this.#errors}`)), ANSWER_MS);
    try {
      const line = await Promise.race([this.#lines.next(), silence]);
      if (line.done === true) throw new Error(`Trino ended: ${this.#errors}`);
      return line.value;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A text in base64. */
function encode(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The text of base64. */
function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
