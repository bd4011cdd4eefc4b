import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { builtPaths } from './buildCode.ts';

/** The module that a project's `sluice.config.ts` imports. */
export const TYPED_ENTRY = 'lib/config/defineConfig';

/** The compiler's options: those of the repository's tsconfig.json, with which a single file can't be compiled. */
const OPTIONS = [
  '--ignoreConfig',
  '--declaration',
  '--emitDeclarationOnly',
  '--skipLibCheck',
  '--strict',
  '--target',
  'es2024',
  '--lib',
  'es2024,esnext.collection,esnext.disposable',
  '--module',
  'nodenext',
  '--types',
  'node',
  '--exactOptionalPropertyTypes',
  '--noUncheckedIndexedAccess',
  '--allowImportingTsExtensions',
  '--rewriteRelativeImportExtensions',
  '--verbatimModuleSyntax',
];

/**
 * Declares the environment that a configuration may read, for projects without Node's types. In projects with Node's
 * types the declarations merge, because they use the names of `@types/node`.
 */
const ENVIRONMENT = `declare global {
  namespace NodeJS {
    interface ProcessEnv {
      [name: string]: string | undefined;
    }
    interface Process {
      env: ProcessEnv;
    }
  }
  var process: NodeJS.Process;
}
`;

/**
 * Writes the declarations of {@link TYPED_ENTRY} and of the modules that they refer to, beside the built modules.
 *
 * @throws Error with the output of the compiler.
 */
export function buildTypes(root: string, folder: string): void {
  const declarations = mkdtempSync(join(tmpdir(), 'sluice-types-'));
  try {
    const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
    const args = [
      join(dirname(compiler), 'bin', 'tsc'),
      ...OPTIONS,
      '--rootDir',
      '.',
      '--outDir',
      declarations,
    ];
    const ran = spawnSync(process.execPath, [...args, `${TYPED_ENTRY}.ts`], { cwd: root, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`tsc ended with ${ran.status}:\n${ran.stdout}${ran.stderr}`);
    // The list grows while it is read.
    const paths = [`${TYPED_ENTRY}.d.ts`];
    for (const path of paths) {
      const text = readFileSync(join(declarations, path), 'utf8');
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      const more = path === paths[0] ? ENVIRONMENT : '';
      writeFileSync(join(folder, path), `${builtPaths(text)}${more}`);
      for (const [, target = ''] of text.matchAll(/["'](\.{1,2}\/[^"'\n]+)\.ts["']/g)) {
        const next = `${normalize(join(dirname(path), target))}.d.ts`;
        if (!paths.includes(next)) paths.push(next);
      }
    }
  } finally {
    rmSync(declarations, { recursive: true, force: true });
  }
}
