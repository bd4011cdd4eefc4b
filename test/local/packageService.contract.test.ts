import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { packageService } from '../../local/packageService.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

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
