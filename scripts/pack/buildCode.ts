import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transform } from 'esbuild';
import { bundlePage } from '../../console/server/bundlePage.ts';

/** The folders whose files are in the package. The console's page is bundled instead. */
const FOLDERS = [
  'cli',
  'console',
  'functions',
  'infra',
  'lib',
  'local',
  'observe',
  'operate',
  'packages/local-aws/src',
];
/** Matches files that are left out: the page, and files that only the repository's own tests and packaging need. */
const LEFT_OUT =
  /^console\/page\/|^cli\/package\.json$|^lib\/config\/localConfig\.ts$|^packages\/local-aws\/src\/testing\/|\.d\.ts$/;
/** Matches paths of modules in quotes: those of imports, and of workers beside an `import.meta.url`. */
const MODULE_PATH = /(["'])(\.{1,2}\/[^"'\n]+)\.tsx?\1/g;

/** A text whose paths of source modules are replaced by paths of the built modules. */
export function builtPaths(text: string): string {
  return text.replace(MODULE_PATH, '$1$2.js$1');
}

/**
 * Builds each source file into JavaScript at the same place, so that code that reads a file beside it, or imports
 * lazily, finds it there.
 *
 * @returns Names of the packages that the built files import.
 */
export async function buildCode(root: string, folder: string): Promise<ReadonlySet<string>> {
  const imported = new Set<string>();
  const paths = FOLDERS.flatMap((sourceFolder) => globSync(`${sourceFolder}/**/*`, { cwd: root }));
  for (const path of paths.toSorted()) {
    if (LEFT_OUT.test(path) || !statSync(join(root, path)).isFile()) continue;
    const source = readFileSync(join(root, path), 'utf8');
    const built = await buildFile(path, source);
    for (const name of packagesIn(built)) imported.add(name);
    const file = join(folder, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, built, { mode: path === 'cli/sluice.mjs' ? 0o755 : 0o644 });
  }
  mkdirSync(join(folder, 'console', 'page'), { recursive: true });
  for (const [name, { contents }] of await bundlePage())
    writeFileSync(join(folder, 'console', 'page', name), contents);
  return imported;
}

/** The text of a file as the package has it. */
async function buildFile(path: string, source: string): Promise<string> {
  if (/\.[cm]js$/.test(path)) return builtPaths(source);
  if (!path.endsWith('.ts')) return source;
  const { code } = await transform(source, {
    loader: 'ts',
    format: 'esm',
    target: 'node24',
    sourcefile: path,
    legalComments: 'none',
    // Errors and logs use names of classes.
    keepNames: false,
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  return builtPaths(code);
}

/** Matches an import of a package as esbuild prints it: `… from "zod";`, `import "zod";`, `import("zod")`. */
const IMPORT = /(?:^import |^(?:import|export|\}) ?[^"'\n]*\bfrom |\bimport\()["']([@a-z][^"'\s]*)["']/gm;

/** The packages that a built module imports: `@aws-sdk/client-s3`, also if it imports a path in the package. */
function packagesIn(code: string): readonly string[] {
  return [...code.matchAll(IMPORT)]
    .map(([, name = '']) => name)
    .filter((name) => !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}
