import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the page's sources, or of its bundle in the npm package. */
const PAGE = fileURLToPath(new URL('../page', import.meta.url));

/** One file of the page. */
export interface Asset {
  /** The bytes of the file. */
  readonly contents: Uint8Array;
  /** Its content type. */
  readonly type: string;
}

/** Content types by the ending of a name. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/**
 * Bundles the page: `index.html`, `main.js` and `main.css`. It takes some tenths of a second. No bundle is kept on disk, where it
 * could be out of date. The npm package has the bundle in place of the sources (scripts/pack.ts).
 *
 * @returns Files by name.
 */
export async function bundlePage(): Promise<ReadonlyMap<string, Asset>> {
  if (import.meta.filename.endsWith('.js')) return readPage();
  // Imported here: commands that serve no page do not load it.
  const { build } = await import('esbuild');
  const result = await build({
    absWorkingDir: PAGE,
    entryPoints: ['main.tsx', 'index.html'],
    loader: { '.html': 'copy' },
    outdir: PAGE,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    logLevel: 'silent',
    write: false,
  });
  return new Map(
    result.outputFiles.map(({ path, contents }) => {
      const name = path.slice(PAGE.length + 1);
      return [name, assetOf(name, contents)];
    }),
  );
}

/** The bundle that the npm package has. */
async function readPage(): Promise<ReadonlyMap<string, Asset>> {
  const names = await readdir(PAGE);
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, assetOf(name, await readFile(join(PAGE, name)))] as const),
    ),
  );
}

/** A file as it is served, by its name. */
function assetOf(name: string, contents: Uint8Array): Asset {
  return { contents, type: TYPES[extname(name)] ?? 'application/octet-stream' };
}
