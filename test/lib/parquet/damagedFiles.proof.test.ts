import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { FileError } from '../../../lib/parquet/FileError.ts';

const SCRIPT = join(import.meta.dirname, 'damageFiles.ts');
const COUNT = 200;

describe('damaged files', () => {
  it('are rejected by name or read: none with checksums gives different rows, and none crashes or hangs the process', async () => {
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [SCRIPT, String(COUNT), '5'], { timeout: 110_000 });
    const outcomes = new Map(Object.entries<number>(JSON.parse(stdout)));
    expect([...outcomes.values()].reduce((sum, n) => sum + n, 0)).toBe(COUNT);
    // Damage in pages without checksums can't be detected.
    const untold = ['snappy', 'zstd', 'uncompressed'].map((codec) => `other rows: ${codec}`);
    const known = new Set(['loaded', ...untold, ...Object.keys(FileError.entries)]);
    expect([...outcomes.keys()].filter((outcome) => !known.has(outcome))).toEqual([]);
    expect(outcomes.get('SLUICE_INGEST_FILE_CHECKSUM_WRONG')).toBeGreaterThan(0);
    expect(outcomes.get('SLUICE_INGEST_FILE_DAMAGED')).toBeGreaterThan(0);
    expect(outcomes.get('SLUICE_INGEST_FILE_TRUNCATED')).toBeGreaterThan(0);
  });
});
