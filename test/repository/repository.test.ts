import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { projectRoot } from '../../local/roots.ts';
import { textOf } from '../harness/textOf.ts';
import { trackedFiles } from './trackedFiles.ts';

const sources = trackedFiles.filter((file) => /\.(ts|mjs|cjs)$/.test(file));
const texts = trackedFiles.filter((file) => /\.(ts|mjs|cjs|json|md|yml|js)$|^\.ci\/run$/.test(file));

describe('the repository', () => {
  it('runs on the Node that Lambda runs', () => {
    expect(process.versions.node).toMatch(/^24\./);
  });

  it('names no AWS client in lib/ outside lib/aws', () => {
    const named = sources.filter(
      (file) => file.startsWith('lib/') && !file.startsWith('lib/aws/') && textOf(file).includes('@aws-sdk/'),
    );
    expect(named).toEqual([]);
  });

  it('writes to the terminal in one place, which escapes foreign names', () => {
    const writes = /process\.std(out|err)\.write|console\.\w+\(|process\[['"]std/;
    const exempt = [
      'cli/terminal/output.ts',
      'cli/sluice.mjs', // Says that nothing is installed yet.
      'packages/local-aws/src/base/reportDefect.ts', // Escapes by the same function.
    ];
    const writing = sources.filter(
      (file) =>
        /^(cli|demo|local|observe|operate|packages\/[\w-]+\/src)\//.test(file) &&
        // Programs of their own, whose output another program reads.
        !/^(demo\/sdks\/drive|cli\/trial\/sendSdks)/.test(file) &&
        !exempt.includes(file) &&
        writes.test(textOf(file)),
    );
    expect(writing).toEqual([]);
  });

  it('enforces the deployed policies in every end-to-end test', () => {
    const files = trackedFiles.filter((file) => /^test\/(?:e2e|harness)\//.test(file));
    const starts = files.flatMap((file) =>
      [...textOf(file).matchAll(/\bstartCloud\(\{[^}]*\}/g)].map(([start]) => `${file}: ${start}`),
    );
    expect(textOf('test/harness/cloudProcess.ts')).toContain("'--enforce-iam'");
    expect(starts.length).toBeGreaterThan(0);
    expect(starts.filter((start) => !start.includes('enforceIam: true'))).toEqual([]);
  });

  it('writes the types of parameters, and derives none from another function of ours', () => {
    const derived = sources.filter(
      (file) => !/(?:^|\/)test\//.test(file) && /\bParameters<typeof (?!styleText>)/.test(textOf(file)),
    );
    expect(derived).toEqual([]);
  });

  it('draws by a seed in tests', () => {
    const draws = /\bMath\.random\b|\brandom(?:Bytes|Int)\(/;
    const exempt = [
      'test/run.ts', // Draws the seed.
      'test/functions/ingest-load/handler.contract.test.ts', // Puts a fixed number in the place of what a handler draws.
    ];
    const drawing = sources.filter(
      (file) =>
        /^(?:packages\/[\w-]+\/)?test\//.test(file) && !exempt.includes(file) && draws.test(textOf(file)),
    );
    expect(drawing).toEqual([]);
  });

  it('pins every dependency', () => {
    const { dependencies, devDependencies } = JSON.parse(textOf('package.json'));
    const ofEmulator = JSON.parse(textOf('packages/local-aws/package.json')).dependencies;
    expect(dependencies).toMatchObject(ofEmulator);
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^(npm:[\w@/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)),
    );
    expect(loose).toEqual([]);
  });

  it('installs nothing with a copyleft licence', () => {
    const { packages } = JSON.parse(textOf('package-lock.json'));
    const manifests = Object.keys(packages)
      .filter((path) => path.includes('node_modules/'))
      .map((path) => `${path}/package.json`)
      // Binaries of other platforms are not installed.
      .filter((file) => existsSync(join(projectRoot, file)));
    expect(manifests.length).toBeGreaterThan(400);
    const licences = manifests.map((file) => {
      const { license, licenses } = JSON.parse(textOf(file));
      return [file, [license ?? licenses].flat().map((entry) => entry?.type ?? entry)] as const;
    });
    const isFree = (licence: unknown) =>
      /^(MIT|ISC|Apache-2\.0|0BSD|BSD-[23]-Clause|BlueOak-1\.0\.0|CC0-1\.0|CC-BY-4\.0|P(ython|SF)-2\.0)$/.test(
        String(licence),
      );
    // If a package offers a choice of licences, one free licence is enough.
    const copyleft = licences.filter(
      ([, names]) => !names.some((name) => String(name).replace(/[()]/g, '').split(' OR ').some(isFree)),
    );
    expect(copyleft).toEqual([]);
  });

  it('has no marks of an unfinished merge', () => {
    const marked = texts.filter((file) => /^(?:<{7} |>{7} |={7}$)/m.test(textOf(file)));
    expect(marked).toEqual([]);
  });

  it('names no package registry', () => {
    const hosts = /registry\.(npmjs|yarnpkg)|npmjs\.org|pypi\.org|pythonhosted|deb\.debian|maven\.org/;
    const naming = texts.filter((file) => !file.startsWith('test/repository/') && hosts.test(textOf(file)));
    expect(naming).toEqual([]);
  });
});
