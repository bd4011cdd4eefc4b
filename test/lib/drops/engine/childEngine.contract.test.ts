import { type ChildProcess, execFileSync } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { childEngine } from '../../../../lib/drops/engine/childEngine.ts';
import type { CompiledMapping } from '../../../../lib/drops/mapping/CompiledMapping.ts';
import { compileMapping } from '../../../../lib/drops/mapping/compileMapping.ts';
import type { EngineFile, FileSchema } from '../../../../lib/parquet/FileSchema.ts';
import { events, MappingBench, subjectOf } from './MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const ROWS =
  "SELECT 1795169730 + i AS timestamp, nullif('e' || (i % 7), 'e3') AS event_name, 'u' || i AS unit_id FROM range(100) t(i)";
let loads = 0;

/** The schemas of files, which this process reads. */
async function schemasOf(...files: readonly EngineFile[]): Promise<readonly FileSchema[]> {
  return readable(await bench.describe(files));
}

/** Described files, none of which has a problem. */
function readable(described: Awaited<ReturnType<MappingBench['describe']>>): readonly FileSchema[] {
  return described.map((file) => {
    if ('problem' in file) throw file.problem;
    return file;
  });
}

/** A load of files in the other process. */
async function loadOf(files: readonly FileSchema[], signal?: AbortSignal) {
  loads += 1;
  return childEngine(bench.limits).load({
    files,
    mapping: compileMapping(subjectOf(events()), files),
    rowsPath: join(bench.directory, `child-${loads}.parquet`),
    refusedPath: join(bench.directory, `child-refused-${loads}.parquet`),
    loadedAt: 0,
    ...(signal === undefined ? {} : { signal }),
  });
}

/**
 * The engine with a program that answers so to each kind of call, or dies by a signal: with a number while it reads that
 * file.
 */
function answering(answers: Readonly<Record<string, unknown>>, signal: NodeJS.Signals = 'SIGSEGV') {
  loads += 1;
  const program = join(bench.directory, `program-${loads}.mjs`);
  writeFileSync(
    program,
    `import { readFileSync, writeFileSync } from 'node:fs';
     const answer = ${JSON.stringify(answers)}[JSON.parse(readFileSync(process.argv[2], 'utf8')).kind];
     if (typeof answer === 'number') writeFileSync(process.argv[4], String(answer));
     if (typeof answer !== 'object') process.kill(process.pid, '${signal}');
     else writeFileSync(process.argv[3], JSON.stringify({ value: answer }));`,
  );
  const engine = childEngine(bench.limits, program);
  const file = { name: 'a.parquet', path: join(bench.directory, 'a.parquet') };
  const schema = { rows: 1, columns: [], decodedBytes: 1, mayHaveChecksums: false, largePages: [] };
  const groups: CompiledMapping['groups'] = [];
  const mapping = { label: '', origin: '', sortBy: [], folders: [], groups, ownTime: null };
  const load = (files: number) =>
    engine.load({
      files: Array.from({ length: files }, () => ({ ...file, ...schema })),
      mapping: { ...mapping, countedColumns: [], digestedColumns: [], value: null },
      rowsPath: join(bench.directory, 'not-written.parquet'),
      refusedPath: join(bench.directory, 'not-written-either.parquet'),
      loadedAt: 0,
    });
  const other = { ...file, name: 'b.parquet' };
  return { describe: () => engine.describe([file, other]), load };
}

/** Replaces a file by a pipe, so that opening it blocks. */
function stall(file: EngineFile): void {
  rmSync(file.path);
  execFileSync('mkfifo', [file.path]);
}

const processes = new EventEmitter<{ started: [ChildProcess] }>();
// https://nodejs.org/api/diagnostics_channel.html#process
subscribe('child_process', (message) => {
  if (isStart(message)) processes.emit('started', message.process);
});
const isStart = (message: unknown): message is { readonly process: ChildProcess } =>
  typeof message === 'object' && message !== null && 'process' in message;

/** The next process that is started, which reads files for this one. */
async function reader(): Promise<ChildProcess> {
  const [child] = await once(processes, 'started');
  await once(child, 'spawn');
  return child;
}

describe('the engine in another process', () => {
  it('answers as in this one', async () => {
    const files = [await bench.write('a.parquet', ROWS), await bench.write('b.parquet', `${ROWS} LIMIT 3`)];
    const damaged = { ...(await bench.write('c.parquet', ROWS)), name: 'c' };
    truncateSync(damaged.path, 100);
    const described = await childEngine(bench.limits).describe([...files, damaged]);
    expect(described).toEqual(await bench.describe([...files, damaged]));
    const schemas = readable(described.slice(0, 2));
    expect(schemas[0]?.columns).toBe(schemas[1]?.columns);
    const { rows } = await loadOf(schemas);
    expect(rows).toEqual({ in: 103, out: 89, refused: 14 });
    expect(await bench.read(join(bench.directory, `child-${loads}.parquet`))).toHaveLength(89);
    expect(await bench.read(join(bench.directory, `child-refused-${loads}.parquet`))).toHaveLength(14);
    expect(readdirSync(bench.limits.temporaryDirectory)).toEqual([]);
  });

  it.each([
    { what: 'a file that crashes it for damaged', signal: 'SIGSEGV', code: 'SLUICE_INGEST_FILE_DAMAGED' },
    { what: 'a file that aborts it for damaged', signal: 'SIGABRT', code: 'SLUICE_INGEST_FILE_DAMAGED' },
    { what: 'no file for damaged that it is killed with', signal: 'SIGKILL', code: 'SLUICE_ENGINE_KILLED' },
    { what: 'no file for damaged that it is ended with', signal: 'SIGTERM', code: 'SLUICE_ENGINE_KILLED' },
  ] as const)('takes $what', async ({ signal, code }) => {
    await expect(answering({}, signal).load(1)).rejects.toMatchObject({
      code,
      detail: expect.stringContaining(signal),
    });
  });

  it('names the file of several that crashes it', async () => {
    const files = [await bench.write('d.parquet', ROWS), await bench.write('e.parquet', ROWS)];
    const schemas = await schemasOf(...files);
    const [, second] = files;
    if (second === undefined) throw new RangeError('No file.');
    stall(second);
    const loading = expect(loadOf(schemas)).rejects.toMatchObject({
      code: 'SLUICE_INGEST_FILE_DAMAGED',
      detail: expect.stringMatching(/^e\.parquet: .*SIGSEGV/),
    });
    (await reader()).kill('SIGSEGV');
    const next = await reader();
    // It reads them one by one.
    while (numberReadBy(next) !== '1') await pause(20);
    next.kill('SIGSEGV');
    await loading;
  });

  describe('that somebody’s file has taken over', () => {
    const none = { in: 0, out: 0, refused: 0, reasons: {} };
    const mapped = (rows: object) => ({
      rows: { in: 1, out: 0, refused: 0, ...rows },
      reasons: {},
      files: [{ name: 'a.parquet', ...none }],
      content: { rows: 0, fields: {}, days: {}, hours: {}, digests: [], repeats: {}, sample: [], names: {} },
    });
    it.each([
      { what: 'no file', value: { shapes: [], files: [] } },
      {
        what: 'a shape that is not there',
        value: {
          shapes: [],
          files: [{ shape: 0, rows: 1, decodedBytes: 1, mayHaveChecksums: false, largePages: [] }],
        },
      },
    ])('answers in vain with $what', async ({ value }) => {
      await expect(answering({ describe: value }).describe()).rejects.toMatchObject({
        code: 'SLUICE_ENGINE_FAILED',
      });
    });

    it.each(['out', 'refused'])('answers in vain with a row that is in no file: %s', async (count) => {
      const engine = answering({ load: mapped({ [count]: 1 }) });
      await expect(engine.load(1)).rejects.toMatchObject({ code: 'SLUICE_ENGINE_FAILED' });
    });

    it('is no fault of a file if it crashes before it reads one, or reads each alone', async () => {
      const crashed = { code: 'SLUICE_ENGINE_CRASHED' };
      await expect(answering({}).describe()).rejects.toMatchObject(crashed);
      await expect(answering({ probe: null }).load(2)).rejects.toMatchObject(crashed);
    });

    it('is the fault of the only file of a load, or of the one that is read alone', async () => {
      const damaged = (name: string) => ({
        code: 'SLUICE_INGEST_FILE_DAMAGED',
        detail: expect.stringMatching(`^${name}.parquet: `),
      });
      await expect(answering({}).load(1)).rejects.toMatchObject(damaged('a'));
      await expect(answering({ describe: 1 }).describe()).rejects.toMatchObject(damaged('b'));
    });
  });

  it('ends at once when its load is stopped', async () => {
    const [file] = await schemasOf(await bench.write('f.parquet', ROWS));
    if (file === undefined) throw new RangeError('No file.');
    stall(file);
    const stop = new AbortController();
    const loading = expect(loadOf([file], stop.signal)).rejects.toThrow('enough');
    const child = await reader();
    stop.abort(new Error('enough'));
    await loading;
    expect(child.signalCode).toBe('SIGKILL');
  });
});

/** The number of the file that a process is about to read alone: the last of the files that it is given has it. */
function numberReadBy({ spawnargs }: ChildProcess): string {
  try {
    return readFileSync(spawnargs.at(-1) ?? '', 'utf8');
  } catch {
    return '';
  }
}
