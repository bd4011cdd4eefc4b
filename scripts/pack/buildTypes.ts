import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { builtPaths } from './buildCode.ts';

/** The module that a project's `sluice.config.ts` imports. */
export const TYPED_ENTRY = 'lib/config/defineConfig';

/** As the repository's own tsconfig.json, which a single file can't be compiled with. */
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
 * Declares the environment that a configuration may read, for projects without Node's types. In projects with them the
 * declarations merge: these are names of `@types/node`.
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
 * Writes the declarations of {@link TYPED_ENTRY} and of what they refer to, beside the built modules.
 *
 * @throws Error with what the compiler says.
 */
export function buildTypes(root: string, folder: string): void {
  const made = mkdtempSync(join(tmpdir(), 'sluice-types-'));
  try {
    const compiler = createRequire(import.meta.url).resolve('typescript/package.json');
    const args = [join(dirname(compiler), 'bin', 'tsc'), ...OPTIONS, '--rootDir', '.', '--outDir', made];
    const ran = spawnSync(process.execPath, [...args, `${TYPED_ENTRY}.ts`], { cwd: root, encoding: 'utf8' });
    if (ran.status !== 0) throw new Error(`tsc ended with ${ran.status}:\n${ran.stdout}${ran.stderr}`);
    const waiting = [`${TYPED_ENTRY}.d.ts`];
    for (const path of waiting) {
      const text = readFileSync(join(made, path), 'utf8');
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      const more = path === waiting[0] ? ENVIRONMENT : '';
      writeFileSync(join(folder, path), `${builtPaths(text)}${more}`);
      for (const [, target = ''] of text.matchAll(/["'](\.{1,2}\/[^"'\n]+)\.ts["']/g)) {
        const next = `${normalize(join(dirname(path), target))}.d.ts`;
        if (!waiting.includes(next)) waiting.push(next);
      }
    }
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}
