import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { packageService } from '../../local/packageService.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

it('a failure of `serverless package` is told with the end of what it printed, and no credentials', async () => {
  const { path: root, remove } = temporaryDirectory();
  const bin = join(root, 'node_modules', 'serverless', 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{}');
  writeFileSync(
    join(bin, 'serverless.js'),
    `const { AWS_SECRET_ACCESS_KEY, SLUICE_CONFIG, SLUICE_PACKAGE_FOR } = process.env;
    console.log('no such plugin', ...process.argv.slice(2), AWS_SECRET_ACCESS_KEY, SLUICE_CONFIG, SLUICE_PACKAGE_FOR);
    process.exit(1);`,
  );
  process.env['AWS_SECRET_ACCESS_KEY'] = 'never-seen';
  const workspace = join(root, 'workspace');
  const place = { root, workspace, configFile: 'none.ts', bundles: root, compiled: root };
  const packaged = packageService({ ...place, stage: 'dev', region: 'eu-west-1' }).finally(() => {
    delete process.env['AWS_SECRET_ACCESS_KEY'];
    remove();
  });
  await expect(packaged).rejects.toMatchObject({
    code: 'SLUICE_TEMPLATE_PACKAGE_FAILED',
    message: expect.stringContaining(
      'no such plugin package --stage dev --region eu-west-1 undefined none.ts here',
    ),
  });
});
