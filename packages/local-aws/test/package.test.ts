import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildPackage } from '../scripts/buildPackage.ts';
import { temporaryDirectory } from '../src/testing/temporaryDirectory.ts';

const modules = join(import.meta.dirname, '..', '..', '..', 'node_modules');
const readme = readFileSync(join(import.meta.dirname, '..', 'README.md'), 'utf8');
const directory = temporaryDirectory();
const built = join(directory.path, 'package');
let manifest: ReturnType<typeof buildPackage>;

beforeAll(() => {
  mkdirSync(built);
  manifest = buildPackage(built);
});
afterAll(() => directory.remove());

/** Links an installed package into a folder. */
function link(name: string, folder: string): void {
  const target = join(folder, name);
  mkdirSync(dirname(target), { recursive: true });
  symlinkSync(join(modules, name), target, 'junction');
}

/**
 * A project with the package in it, and with the clients that the README names. Third parties' packages are links to the
 * repository's: only those that the package declares, so that one which it forgets is missing.
 *
 * @param name The name of its folder.
 * @param layout npm puts everything beside each other; with pnpm a package sees its own dependencies alone, by links.
 */
function project(name: string, layout: 'npm' | 'pnpm' = 'npm'): string {
  const root = join(directory.path, name);
  const own = join(root, 'node_modules');
  const beside = layout === 'pnpm' ? join(own, '.pnpm', 'local-aws@0', 'node_modules') : own;
  cpSync(built, join(beside, 'local-aws'), { recursive: true });
  for (const dependency of Object.keys(manifest.dependencies)) link(dependency, beside);
  if (layout === 'pnpm') symlinkSync(join(beside, 'local-aws'), join(own, 'local-aws'), 'junction');
  for (const [client] of readme.matchAll(/@aws-sdk\/client-[a-z]+(?= |\n)/g))
    if (!existsSync(join(own, client))) link(client, own);
  writeFileSync(join(root, 'package.json'), '{"private":true}');
  return root;
}

/** The files of the README's first example: the block after the name of each. */
function exampleFiles(): readonly { readonly name: string; readonly text: string }[] {
  return ['record.mjs', 'template.json', 'record.test.mjs'].map((name) => {
    const [, text = ''] =
      new RegExp(`\`${name}\`[^\\n]*:\\n\\n\`\`\`\\w+\\n([\\s\\S]*?)\`\`\``).exec(readme) ?? [];
    return { name, text };
  });
}

/** Milliseconds after which a command is killed: jest cannot end one that runs synchronously. */
const COMMAND_MS = 200_000;

describe('the package', () => {
  it.each(['npm', 'pnpm'] as const)("runs the README's test of a Lambda, as %s installs it", (layout) => {
    const root = project(`example-${layout}`, layout);
    for (const { name, text } of exampleFiles()) writeFileSync(join(root, name), text);
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const ran = spawnSync(process.execPath, ['--test', '--test-reporter=tap'], {
      cwd: root,
      env,
      encoding: 'utf8',
      timeout: COMMAND_MS,
    });
    expect(ran.status).toBe(0);
    expect(/^# pass (\d+)$/m.exec(ran.stdout)?.[1]).toBe('1');
    expect(ran.stderr).toBe('');
  });

  it('has types of every door that a strict project compiles', () => {
    const root = project('types');
    mkdirSync(join(root, 'node_modules', '@types'), { recursive: true });
    for (const name of ['@types/node', 'undici-types', ...Object.keys(manifest.peerDependencies)])
      if (!existsSync(join(root, 'node_modules', name)) && existsSync(join(modules, name)))
        link(name, join(root, 'node_modules'));
    const doors = Object.keys(manifest.exports).filter((door) => door !== './package.json');
    const imports = doors.map((door, index) => `import * as d${index} from 'local-aws${door.slice(1)}';`);
    const uses = doors.map((_, index) => `d${index}`).join(', ');
    const use = `const clock: d0.MovableClock = new d0.MovableClock();\nexport const all: object[] = [clock, ${uses}];\n`;
    writeFileSync(join(root, 'doors.mts'), `${imports.join('\n')}\n${use}`);
    const compiler = join(
      dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
      'bin',
      'tsc',
    );
    const options = ['--noEmit', '--strict', '--skipLibCheck', 'false', '--module', 'nodenext'];
    const ran = spawnSync(
      process.execPath,
      [
        compiler,
        ...options,
        '--target',
        'es2024',
        '--lib',
        'es2024,esnext.disposable',
        '--types',
        'node',
        'doors.mts',
      ],
      { cwd: root, encoding: 'utf8', timeout: COMMAND_MS },
    );
    // Other packages may have errors, but the compiler has read everything.
    expect([0, 2]).toContain(ran.status);
    expect(ran.stdout).not.toMatch(/^error /m);
    const own = ran.stdout.split('\n').filter((line) => /^(?:doors|node_modules\/local-aws)/.test(line));
    expect(own).toEqual([]);
  });

  it('has built code, its pages and no sources, and can be published with provenance', () => {
    const said = spawnSync('npm', ['publish', '--dry-run', '--offline', '--json'], {
      cwd: built,
      encoding: 'utf8',
      timeout: COMMAND_MS,
    });
    expect(said.status).toBe(0);
    expect(said.stderr).not.toContain('auto-corrected');
    const { 'local-aws': published } = JSON.parse(said.stdout);
    const files: string[] = published.files.map(({ path }: { path: string }) => path);
    expect(files.filter((path) => !/^dist\/.*\.(?:js|d\.ts)$/.test(path)).sort()).toEqual([
      'LICENSE',
      'README.md',
      'docs/athena.md',
      'docs/faults.md',
      'docs/services.md',
      'package.json',
    ]);
    expect(manifest).toMatchObject({
      name: 'local-aws',
      license: 'Apache-2.0',
      engines: { node: '>=24' },
      publishConfig: { access: 'public', provenance: true },
    });
    expect(manifest.private).toBeUndefined();
    expect(manifest.scripts).toBeUndefined();
    const linked = readFileSync(join(built, 'README.md'), 'utf8').matchAll(/\]\(([^)#:]+)\)/g);
    expect([...linked].filter(([, path = '']) => !existsSync(join(built, path)))).toEqual([]);
    // No place of the machine that built it.
    expect(
      files.filter((path) => readFileSync(join(built, path), 'utf8').includes(dirname(modules))),
    ).toEqual([]);
  });
});
