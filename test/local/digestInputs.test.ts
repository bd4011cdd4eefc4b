// biome-ignore-all lint/suspicious/noTemplateCurlyInString: Serverless's own notation

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { digestInputs } from '../../local/digestInputs.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

describe('the digest of what is packaged', () => {
  const { path: root, remove } = temporaryDirectory();
  const code = join(root, 'code');
  for (const folder of ['functions', 'infra', 'lib/deep']) mkdirSync(join(code, folder), { recursive: true });
  mkdirSync(join(code, 'cli'));
  const named = '${file(./settings.json):memory} ${file( ./spaced.json )} ${env:SLUICE_TEST_NAMED}';
  beforeEach(() => writeFileSync(join(root, 'serverless.yml'), named));
  afterEach(() => {
    delete process.env['SLUICE_TEST_NAMED'];
  });
  afterAll(remove);
  const settings = { config: defineConfig({ bucket: 'acme' }), stage: 'local', region: 'us-east-1' };
  const digest = () => digestInputs({ root, code }, settings);

  // serverless.yml names settings.json and spaced.json.
  it.each([
    '.env',
    '.env.local',
    '.env.prod',
    'settings.json',
    'spaced.json',
    'package.json',
    'tsconfig.json',
    'package-lock.json',
    'pnpm-lock.yaml',
    'yarn.lock',
    'bun.lock',
    'code/lib/a.ts',
    'code/lib/deep/a.ts',
    'code/functions/a.ts',
    'code/infra/a.ts',
    'code/cli/package.json',
    'serverless.yml',
  ])('changes with %s', async (file) => {
    const before = await digest();
    writeFileSync(join(root, file), 'A=1');
    const after = await digest();
    expect(after.files).not.toBe(before.files);
    expect(after.all).not.toBe(before.all);
  });

  it('changes as a whole with a variable that serverless.yml names, and its files do not', async () => {
    const before = await digest();
    process.env['SLUICE_TEST_NAMED'] = 'another';
    const after = await digest();
    expect(after).toEqual({ files: before.files, all: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(after.all).not.toBe(before.all);
  });

  it.each([
    { what: 'the stage', other: { stage: 'dev' } },
    { what: 'the region', other: { region: 'eu-central-1' } },
    { what: 'the configuration', other: { config: defineConfig({ bucket: 'acme-2' }) } },
  ])('changes as a whole with $what, and its files do not', async ({ other }) => {
    const before = await digest();
    const after = await digestInputs({ root, code }, { ...settings, ...other });
    expect(after).toEqual({ files: before.files, all: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(after.all).not.toBe(before.all);
  });

  it('changes with the lockfile of the nearest folder above that has one', async () => {
    const app = join(root, 'packages', 'app');
    mkdirSync(app, { recursive: true });
    const ofApp = async () => (await digestInputs({ root: app, code }, settings)).files;
    const write = (folder: string, text: string) => writeFileSync(join(folder, 'pnpm-lock.yaml'), text);
    write(root, '1');
    const first = await ofApp();
    write(root, '2');
    const second = await ofApp();
    expect(second).not.toBe(first);
    write(app, '1');
    const own = await ofApp();
    expect([first, second]).not.toContain(own);
    write(root, '3');
    expect(await ofApp()).toBe(own);
  });

  it('tells files apart that hold the same bytes one after the other', async () => {
    const write = (first: string, second: string) => {
      writeFileSync(join(code, 'lib', 'x.ts'), first);
      writeFileSync(join(code, 'lib', 'y.ts'), second);
    };
    write('ab', 'c');
    const before = await digest();
    write('a', 'bc');
    expect((await digest()).files).not.toBe(before.files);
  });

  it.each(['.environment', 'notes.md'])('does not change with %s', async (file) => {
    const before = await digest();
    writeFileSync(join(root, file), 'A=1');
    expect(await digest()).toEqual(before);
  });
});
