import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { TokenList } from '../../../src/trino/index.ts';

const HERE = import.meta.dirname;
/** The repository's folder. */
const ROOT = join(HERE, '..', '..', '..', '..', '..');
/** The longest time in which Maven fetches the libraries: 167 files, 90 MB. */
const FETCH_MS = 240_000;
/** The longest time in which Trino answers all statements. */
const RUN_MS = 900_000;

/** Trino's answer to one statement: its rows, each field as text or null; or why it failed. */
export type Answer = { readonly rows: readonly (readonly (string | null)[])[] } | { readonly failed: string };

/**
 * Runs sessions of statements, each in a Trino of its own: the statements of one after another, some sessions at once.
 *
 * @returns Of each session an answer for each statement, or what the machine lacks.
 */
export function askTrino(
  sessions: readonly (readonly string[])[],
): readonly (readonly Answer[])[] | { readonly missing: string } {
  const found = fetchTrino(join(HERE, 'pom.xml'));
  if ('missing' in found) return found;
  const { libraries } = found;
  const file = join(dirname(libraries), 'statements');
  const lines = sessions.map((statements) =>
    statements.map((sql) => Buffer.from(withDoubles(sql)).toString('base64')),
  );
  writeFileSync(file, lines.map((session) => session.join('\n')).join('\n\n'));
  const { stdout, stderr } = run(
    'java',
    ['-cp', join(libraries, '*'), join(HERE, 'Witness.java'), file],
    RUN_MS,
  );
  const answers: Answer[] = [];
  let rows: (string | null)[][] = [];
  for (const line of stdout.split('\n')) {
    const [word, ...fields] = line.trimEnd().split(' ');
    if (word === 'row') rows.push(fields.map((field) => (field === 'null' ? null : decode(field.slice(1)))));
    if (word === 'failed') answers.push({ failed: decode(fields[0] ?? '') });
    if (word === 'end') answers.push({ rows });
    if (word === 'failed' || word === 'end') rows = [];
  }
  if (answers.length !== sessions.flat().length)
    throw new Error(`Trino ended early: ${stderr.slice(-2_000)}`);
  return sessions.map((statements) => answers.splice(0, statements.length));
}

/**
 * A statement with `1.2` as `1.2E0`: a double, as in Athena. This Trino takes it for a decimal, and has no property any more
 * that says otherwise (`parse-decimal-literals-as-double`).
 */
function withDoubles(sql: string): string {
  const decimals = new TokenList(sql).tokens.filter(
    ({ kind, raw }) => kind === 'number' && /^[\d_]*\.[\d_]*$/.test(raw),
  );
  return decimals.reduceRight((text, { end }) => `${text.slice(0, end)}E0${text.slice(end)}`, sql);
}

/** The text of base64. */
const decode = (base64: string) => Buffer.from(base64, 'base64').toString('utf8');

/** Fetches a pom.xml's libraries into a folder under `.sluice/`, once for each of its contents. */
export function fetchTrino(pom: string): { readonly libraries: string } | { readonly missing: string } {
  if (run('java', ['-version'], 10_000).status !== 0) return { missing: 'there is no Java' };
  const digest = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16);
  const path = join(ROOT, '.sluice', `trino-${digest}`);
  const libraries = join(path, 'lib');
  const done = join(path, 'fetched');
  if (existsSync(done)) return { libraries };
  mkdirSync(path, { recursive: true });
  const fetched = run(
    'mvn',
    ['-B', '-q', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`],
    FETCH_MS,
  );
  if (fetched.status !== 0) {
    // A command that is not there has no output.
    const why = fetched.error?.message ?? fetched.stdout.split('\n')[0];
    return { missing: `Maven could not fetch Trino's libraries (${why})` };
  }
  writeFileSync(done, '');
  return { libraries };
}

/** Runs a command to its end, and kills it after `timeout` milliseconds. */
function run(command: string, args: readonly string[], timeout: number) {
  return spawnSync(command, args, {
    encoding: 'utf8',
    timeout,
    killSignal: 'SIGKILL',
    maxBuffer: 256 * 1024 * 1024,
  });
}
