import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const doors: Record<string, string> = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).exports;

/** The packages that whoever imports a door loads at once. */
async function packagesOf(door: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [doors[door] ?? door],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports);
  const loaded = imports.filter(({ kind, path }) => kind === 'import-statement' && !path.startsWith('node:'));
  return [...new Set(loaded.map(({ path }) => path))].sort();
}

describe('the doors', () => {
  it('load DuckDB at once only where statements run', async () => {
    const heavy: string[] = [];
    for (const door of Object.keys(doors))
      if ((await packagesOf(door)).some((name) => name.startsWith('@duckdb/'))) heavy.push(door);
    expect(heavy).toEqual(['.', './athena', './server', './trino']);
  });

  it('load nothing but zod for S3', async () => {
    expect(await packagesOf('./s3')).toEqual(['zod']);
  });
});
