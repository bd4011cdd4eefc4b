import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, describe, expect, it } from '@jest/globals';
import { childEngine } from '../../../../lib/drops/engine/childEngine.ts';
import { duckDbEngine } from '../../../../lib/drops/engine/duckDbEngine.ts';
import { compileMapping } from '../../../../lib/drops/mapping/compileMapping.ts';
import type { EngineFile, FileSchema } from '../../../../lib/parquet/FileSchema.ts';
import { MappingBench, subjectOf } from './MappingBench.ts';

const bench = await MappingBench.open();
afterAll(() => bench.close());

const ROWS =
  "SELECT 1795169730 + i AS timestamp, nullif('e' || (i % 7), 'e3') AS event_name, 'u' || i AS unit_id FROM range(100) t(i)";
let loads = 0;

async function describedBy(
  engine: Pick<ReturnType<typeof childEngine>, 'describe'>,
  files: readonly EngineFile[],
) {
  const described = await engine.describe(files);
  return described.map((file): FileSchema => {
    if ('problem' in file) throw file.problem;
    return file;
  });
}

/** A load of files in the other process. */
async function loadOf(files: readonly FileSchema[], signal?: AbortSignal) {
  loads += 1;
  return childEngine(bench.limits).load({
    files,
    mapping: compileMapping(subjectOf({ kind: 'events' }), files),
    rowsPath: join(bench.directory, `child-${loads}.parquet`),
    refusedPath: join(bench.directory, `child-refused-${loads}.parquet`),
    loadedAt: 0,
    limits: bench.limits,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Replaces a file by a pipe, so that opening it blocks. */
function stall(file: EngineFile): void {
  rmSync(file.path);
  execFileSync('mkfifo', [file.path]);
}

/** The process that reads files for this one, once it has opened a stalled one. */
async function reader(): Promise<number> {
  for (;;) {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        const isOurs = parent === String(process.pid);
        // DuckDB's own name in the memory of the process: it has begun.
        if (isOurs && readFileSync(`/proc/${pid}/maps`, 'utf8').includes('libduckdb')) return Number(pid);
      } catch {
        // It has ended.
      }
    }
    await pause(20);
  }
}

describe('the engine in another process', () => {
  it('answers as in this one', async () => {
    const files = [await bench.write('a.parquet', ROWS), await bench.write('b.parquet', `${ROWS} LIMIT 3`)];
    const damaged = { ...(await bench.write('c.parquet', ROWS)), name: 'c' };
    execFileSync('truncate', ['-s', '100', damaged.path]);
    const own = duckDbEngine(bench.limits);
    const other = childEngine(bench.limits);
    expect(await other.describe([...files, damaged])).toEqual(await own.describe([...files, damaged]));
    const schemas = await describedBy(other, files);
    expect(schemas[0]?.columns).toBe(schemas[1]?.columns);
    const { rows } = await loadOf(schemas);
    expect(rows).toEqual({ in: 103, out: 89, refused: 14 });
    expect(await bench.read(join(bench.directory, `child-${loads}.parquet`))).toHaveLength(89);
    expect(await bench.read(join(bench.directory, `child-refused-${loads}.parquet`))).toHaveLength(14);
    expect(readdirSync(bench.limits.temporaryDirectory)).toEqual([]);
  });

  it('has an empty environment, and a file that crashes it is damaged', async () => {
    const [file] = await describedBy(childEngine(bench.limits), [await bench.write('stalled.parquet', ROWS)]);
    if (file === undefined) throw new RangeError('No file.');
    stall(file);
    for (const [signal, code] of [
      ['SIGSEGV', 'SLUICE_INGEST_FILE_DAMAGED'],
      ['SIGABRT', 'SLUICE_INGEST_FILE_DAMAGED'],
      ['SIGKILL', 'SLUICE_ENGINE_OUT_OF_MEMORY'],
    ] as const) {
      const loading = expect(loadOf([file])).rejects.toMatchObject({
        code,
        detail: expect.stringContaining(signal),
      });
      const pid = await reader();
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
      process.kill(pid, signal);
      await loading;
    }
  });

  it('names the file of several that crashes it', async () => {
    const files = [await bench.write('d.parquet', ROWS), await bench.write('e.parquet', ROWS)];
    const schemas = await describedBy(childEngine(bench.limits), files);
    const [, second] = files;
    if (second === undefined) throw new RangeError('No file.');
    stall(second);
    const loading = expect(loadOf(schemas)).rejects.toMatchObject({
      code: 'SLUICE_INGEST_FILE_DAMAGED',
      detail: expect.stringMatching(/^e\.parquet: .*SIGSEGV/),
    });
    const first = await reader();
    process.kill(first, 'SIGSEGV');
    let next = first;
    while (next === first) next = await reader();
    // It reads them one by one.
    while (readNumberOf(next) !== '1') await pause(20);
    process.kill(next, 'SIGSEGV');
    await loading;
  });

  it('ends at once when its load is stopped', async () => {
    const [file] = await describedBy(childEngine(bench.limits), [await bench.write('f.parquet', ROWS)]);
    if (file === undefined) throw new RangeError('No file.');
    stall(file);
    const stop = new AbortController();
    const loading = expect(loadOf([file], stop.signal)).rejects.toThrow('enough');
    const pid = await reader();
    stop.abort(new Error('enough'));
    await loading;
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

function readNumberOf(pid: number): string {
  try {
    const [, , , , reading = ''] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return readFileSync(reading, 'utf8');
  } catch {
    return '';
  }
}
