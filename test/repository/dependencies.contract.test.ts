import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { build } from 'esbuild';
import { sum } from '../../lib/base/sum.ts';
import { VERSION } from '../../lib/base/version.ts';
import { projectRoot } from '../../local/roots.ts';
import { COMMAND_MS } from '../harness/runCommand.ts';
import { textOf } from '../harness/textOf.ts';
import { trackedFiles } from './trackedFiles.ts';

const read = (file: string) => JSON.parse(textOf(file));
const { dependencies, devDependencies, scripts } = read('package.json');

/** The folders that `npm start`, the demos, packaging and `npx sluice` run. Other folders need everything installed. */
const STARTED =
  /^(?!scripts\/(?:docs|pack|mutate))(cli|console|demo|functions|infra|lib|local|observe|operate|scripts|soak)\/|^packages\/[\w-]+\/src\/|^sluice\.config\.ts$/;
/** Packages that are run and not imported, and where. */
const RUN: Readonly<Record<string, string>> = {
  node: 'cli/runNode.mjs',
  serverless: 'local/packageService.ts',
};

/** Packages that the sources in these folders import, types apart, and a file for each. */
const imported = new Map<string, string>();

beforeAll(async () => {
  const entryPoints = trackedFiles.filter(
    (file) => STARTED.test(file) && /(?<!\.d)\.(tsx?|mjs|cjs)$/.test(file),
  );
  const { metafile } = await build({
    absWorkingDir: projectRoot,
    entryPoints,
    outdir: 'out',
    write: false,
    metafile: true,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.css': 'empty' },
    logLevel: 'silent',
  });
  expect(Object.keys(metafile.inputs).length).toBeGreaterThan(500);
  for (const [file, { imports }] of Object.entries(metafile.inputs)) {
    for (const { path, external } of imports) {
      if (external !== true || path.startsWith('node:')) continue;
      imported.set(/^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path, file);
    }
  }
});

/** What `npm sbom` lists of a lockfile, which needs no network; its error if it lists nothing. */
function listedBySbom(cwd: string): { readonly of: string; readonly listed: readonly string[] } | string {
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', '--offline'],
    { cwd, encoding: 'utf8', timeout: COMMAND_MS },
  );
  if (status !== 0) return stderr;
  const { metadata, components } = JSON.parse(stdout);
  const listed = components.map(({ purl }: { readonly purl: string }) => purl);
  return { of: metadata.component.purl, listed: [...new Set<string>(listed)].sort() };
}

describe('the dependencies', () => {
  it('are exactly what a start, the demos, packaging and the command use', () => {
    expect(imported.get('@aws-sdk/client-s3')).toBeDefined();
    const ofTests = [...imported].filter(([name]) => name in devDependencies);
    expect(ofTests).toEqual([]);
    // local-aws is a workspace.
    const used = [...imported.keys(), ...Object.keys(RUN)].filter((name) => name !== 'local-aws');
    expect(Object.keys(dependencies).sort()).toEqual([...new Set(used)].sort());
    for (const [name, file] of Object.entries(RUN)) {
      expect(textOf(file)).toContain(`'${name}`);
    }
  });

  it('are all that scripts have that install no more', () => {
    const launched = Object.entries<string>(scripts).filter(([, line]) =>
      line.includes('scripts/launch.mjs'),
    );
    const wrong = launched.filter(([, line]) => {
      const [, dev, entry = ''] = /launch\.mjs( --include=dev)?(?: --\S+)*(?: ([\w./]+))?/.exec(line) ?? [];
      return (dev === undefined) !== STARTED.test(entry);
    });
    expect(wrong).toEqual([]);
    // Whatever else a script runs comes with npm or is installed before.
    const others = Object.entries<string>(scripts).filter(
      ([, line]) => !/^(?:node scripts\/|npm )/.test(line),
    );
    expect(others).toEqual([]);
    expect(launched.length).toBeGreaterThan(12);
  });

  it('have a digest in the lockfile, of every platform', () => {
    const without = Object.entries<{ integrity?: string; link?: boolean }>(
      read('package-lock.json').packages,
    ).filter(
      ([path, { integrity = '', link }]) =>
        path.includes('node_modules/') && link !== true && !/^sha512-[\w+/]{86}==$/.test(integrity),
    );
    expect(without).toEqual([]);
  });

  it('are listed whole by npm sbom, with those of tests', () => {
    // With `--omit dev` npm would leave out what tests and Sluice both use.
    const purls = Object.entries<{ name?: string; version: string; link?: boolean }>(
      read('package-lock.json').packages,
    )
      .filter(([path, { link }]) => path.includes('node_modules/') && link !== true)
      .map(([path, { name = path.split('node_modules/').at(-1) ?? '', version }]) => {
        return `pkg:npm/${name.replace('@', '%40')}@${version}`;
      });
    const workspaces = [`pkg:npm/local-aws@${read('packages/local-aws/package.json').version}`];
    workspaces.push(`pkg:npm/sluice@${VERSION}`);
    expect(listedBySbom(projectRoot)).toEqual({
      of: `pkg:npm/sluice-workspace@${VERSION}`,
      listed: [...new Set([...purls, ...workspaces])].sort(),
    });
  });

  it('are about as large as the README says, for a start and for tests', () => {
    const packages = Object.entries<{ dev?: boolean; link?: boolean }>(read('package-lock.json').packages)
      // Those within another one count with it; of a platform's, one is there.
      .filter(([path, { link }]) => /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && link !== true)
      .filter(([path]) => existsSync(join(projectRoot, path)));
    const megabytes = (isDev: boolean) => {
      const paths = packages.filter(([, { dev = false }]) => dev === isDev).map(([path]) => path);
      const sizes = execFileSync('du', ['-sk', ...paths], { cwd: projectRoot, encoding: 'utf8' });
      const kibibytes = sum([...sizes.matchAll(/^\d+/gm)].map(Number));
      return (kibibytes * 1024) / 1e6;
    };
    const readme = textOf('README.md');
    const [start, tests] = [...readme.matchAll(/(\d+) MB (?:more )?for `npm/g)].map(([, size]) =>
      Number(size),
    );
    const isNear = (size: number, said = 0) => Math.abs(size / said - 1) < 0.25;
    expect([isNear(megabytes(false), start), isNear(megabytes(true), tests)]).toEqual([true, true]);
  });

  it('are installed without evaluating a configuration', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-install-'));
    try {
      const config = join(folder, 'sluice.config.mjs');
      const marker = join(folder, 'was-run');
      writeFileSync(
        config,
        `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(marker)}, '');\nexport default { bucket: 'acme' };\n`,
      );
      expect(scripts.prepare).toBe('node scripts/warm.mjs');
      const env = { ...process.env, SLUICE_CONFIG: config, SLUICE_PACKAGE_AHEAD: '' };
      const { status } = spawnSync(process.execPath, ['scripts/warm.mjs'], {
        cwd: projectRoot,
        env,
        timeout: COMMAND_MS,
      });
      expect(status).toBe(0);
      expect(existsSync(marker)).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 360_000);
});
