import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { FileError } from '../../../lib/engine/FileError.ts';

const SCRIPT = join(import.meta.dirname, 'damageFiles.ts');
const COUNT = 200;

describe('damaged files', () => {
  it('are refused by name, or read: none crashes or hangs the process', async () => {
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [SCRIPT, String(COUNT), '5'], { timeout: 110_000 });
    const outcomes = new Map(Object.entries<number>(JSON.parse(stdout)));
    expect([...outcomes.values()].reduce((sum, n) => sum + n, 0)).toBe(COUNT);
    const known = new Set(['loaded', ...Object.keys(FileError.entries)]);
    expect([...outcomes.keys()].filter((outcome) => !known.has(outcome))).toEqual([]);
    expect(outcomes.get('SLUICE_INGEST_FILE_DAMAGED')).toBeGreaterThan(0);
    expect(outcomes.get('SLUICE_INGEST_FILE_TRUNCATED')).toBeGreaterThan(0);
  }, 120_000);
});
