import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const doors: Record<string, string> = JSON.parse(readFileSync(`${root}package.json`, 'utf8')).exports;

/** Packages that are loaded at once when a module imports an entry point of the package. */
async function packagesOf(door: string): Promise<string[]> {
  const entry = (doors[door] ?? door).replace('./', '');
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    // Splitting keeps modules that are imported lazily in other files.
    splitting: true,
    outdir: 'out',
    metafile: true,
    write: false,
  });
  const files = Object.keys(metafile.outputs).filter((name) => metafile.outputs[name]?.entryPoint === entry);
  const loaded = new Set<string>();
  for (const file of files) {
    for (const { kind, path } of metafile.outputs[file]?.imports ?? []) {
      if (kind !== 'import-statement' || path.startsWith('node:')) continue;
      if (!(path in metafile.outputs)) loaded.add(path);
      else if (!files.includes(path)) files.push(path);
    }
  }
  return [...loaded].sort();
}

describe('the doors', () => {
  it('load DuckDB at once only where statements run', async () => {
    const heavy: string[] = [];
    for (const door of Object.keys(doors))
      if ((await packagesOf(door)).some((name) => name.startsWith('@duckdb/'))) heavy.push(door);
    expect(heavy).toEqual(['.', './athena', './server', './testing/athena', './testing/parts', './trino']);
    // DuckDB is loaded when a test starts something that needs it.
    expect(await packagesOf('./testing')).toEqual(['zod']);
  });

  it('load nothing but zod for S3', async () => {
    expect(await packagesOf('./s3')).toEqual(['zod']);
  });
});
