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
  for (const folder of ['functions', 'infra', 'lib']) mkdirSync(join(code, folder), { recursive: true });
  mkdirSync(join(code, 'cli'));
  const named = '${file(./settings.json):memory} ${env:SLUICE_TEST_NAMED}';
  beforeEach(() => writeFileSync(join(root, 'serverless.yml'), named));
  afterEach(() => {
    delete process.env['SLUICE_TEST_NAMED'];
  });
  afterAll(remove);
  const settings = { config: defineConfig({ bucket: 'acme' }), stage: 'local', region: 'us-east-1' };
  const digest = () => digestInputs({ root, code }, settings);

  // serverless.yml names settings.json.
  it.each([
    '.env',
    '.env.local',
    '.env.prod',
    'settings.json',
    'package.json',
    'tsconfig.json',
    'package-lock.json',
    'code/lib/a.ts',
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

  it('changes as a whole with a variable that serverless.yml names, and with the stage, and its files do not', async () => {
    const before = await digest();
    process.env['SLUICE_TEST_NAMED'] = 'another';
    const after = await digest();
    const ofStage = await digestInputs({ root, code }, { ...settings, stage: 'dev' });
    expect(new Set([before.all, after.all, ofStage.all]).size).toBe(3);
    expect(new Set([before.files, after.files, ofStage.files]).size).toBe(1);
  });

  it.each(['.environment', 'notes.md'])('does not change with %s', async (file) => {
    const before = await digest();
    writeFileSync(join(root, file), 'A=1');
    expect(await digest()).toEqual(before);
  });
});
