import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { repositoryRoot } from '../../local/dataDirectory.ts';
import { type CloudProcess, endCloudProcesses, startCloudProcess } from '../harness/cloudProcess.ts';
import { sluice } from '../harness/sluice.ts';
import { temporaryDirectory } from '../harness/temporaryDirectory.ts';

const directory = temporaryDirectory();
const configFile = join(directory.path, 'sluice.config.ts');

describe('the local cloud with the values of the stage dev', () => {
  let cloud: CloudProcess;
  beforeAll(async () => {
    writeFileSync(
      configFile,
      `import { defineConfig } from ${JSON.stringify(join(repositoryRoot, 'lib', 'config', 'defineConfig.ts'))};
export default defineConfig(
  ({ stage }) => ({
    bucket: 'acme-' + stage,
    database: 'tables_' + stage,
    athena: { workgroup: 'acme-' + stage, stagingDatabase: 'staging_' + stage },
    holdouts: [],
  }),
  { stages: ['dev', 'prod'] },
);\n`,
    );
    process.env['SLUICE_CONFIG'] = configFile;
    cloud = await startCloudProcess(join(directory.path, 'data'), ['--stage', 'dev']);
  });
  afterAll(async () => {
    delete process.env['SLUICE_CONFIG'];
    await endCloudProcesses();
    directory.remove();
  });

  it('has the bucket and the database of dev, and the doctor accepts it as dev', async () => {
    expect([cloud.bucket, cloud.database]).toEqual(['acme-dev', 'tables_dev']);
    const { status } = await fetch(`${cloud.collector}/v1/rgstr?k=client-stages`, {
      method: 'POST',
      body: JSON.stringify({ events: [{ eventName: 'seen', user: { userID: 'u1' }, time: Date.now() }] }),
    });
    expect(status).toBe(202);
    const stream = expect.stringMatching(/^sluice-dev-LandingStream-/);
    expect(await cloud.flush()).toMatchObject({ delivered: [{ stream, documents: 1 }] });
    const doctor = (...args: string[]) => sluice('doctor', '--local', '--endpoint-url', cloud.edge, ...args);
    expect(await doctor('--stage', 'dev')).toMatchObject({ code: 0, stderr: '' });
    const local = await doctor();
    expect([local.code, local.stdout]).toEqual([3, expect.stringContaining('SLUICE_FINDING_STACK_MISSING')]);
    expect(local.stdout).toContain('sluice-local, in us-east-1');
    const unknown = await doctor('--stage', 'staging');
    expect([unknown.code, unknown.stdout]).toEqual([
      3,
      expect.stringContaining('got "staging", expected dev, prod'),
    ]);
  });

  it('has keys of dev', async () => {
    const keys = (...args: string[]) =>
      sluice('keys', 'list', '--local', '--endpoint-url', cloud.edge, ...args);
    expect((await keys('--stage', 'dev')).code).toBe(0);
    expect(await keys('--stage', 'prod')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SLUICE_KEYS_NO_SECRET'),
    });
    expect(await keys('--stage', 'staging')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SLUICE_CONFIG_STAGE_UNKNOWN'),
    });
  });
});
