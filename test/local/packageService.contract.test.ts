import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { digestInputs, packageService } from '../../local/packageService.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

describe('the digest of what is packaged', () => {
  const { path: root, remove } = temporaryDirectory();
  const code = join(root, 'code');
  for (const folder of ['functions', 'infra', 'lib']) mkdirSync(join(code, folder), { recursive: true });
  afterAll(remove);
  const settings = { config: defineConfig({ bucket: 'acme' }), stage: 'local', region: 'us-east-1' };
  const digest = () => digestInputs({ root, code }, settings);

  it.each(['.env', '.env.local', '.env.prod', 'serverless.yml', 'package.json', 'code/lib/a.ts'])(
    'changes with %s',
    async (file) => {
      const before = await digest();
      writeFileSync(join(root, file), 'A=1');
      const after = await digest();
      expect(after.files).not.toBe(before.files);
      expect(after.all).not.toBe(before.all);
    },
  );

  it.each(['.environment', 'notes.md'])('does not change with %s', async (file) => {
    const before = await digest();
    writeFileSync(join(root, file), 'A=1');
    expect(await digest()).toEqual(before);
  });
});

it('a failure of `serverless package` is told with the end of what it printed', async () => {
  const { path: root, remove } = temporaryDirectory();
  const bin = join(root, 'node_modules', 'serverless', 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{}');
  writeFileSync(join(bin, 'serverless.js'), "console.log('no such plugin'); process.exit(1);");
  const workspace = join(root, 'workspace');
  const place = { root, workspace, configFile: join(root, 'none.ts'), bundles: root, compiled: root };
  const packaged = packageService({ ...place, stage: 'local', region: 'us-east-1' }).finally(remove);
  await expect(packaged).rejects.toMatchObject({
    code: 'SLUICE_TEMPLATE_PACKAGE_FAILED',
    message: expect.stringContaining('no such plugin'),
  });
});
