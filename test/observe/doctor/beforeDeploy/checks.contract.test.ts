import { afterAll, expect, it } from '@jest/globals';
import type { DoctorReport } from '../startDeployment.ts';
import { startBeforeDeploy } from './startBeforeDeploy.ts';

const deployed = await startBeforeDeploy();
afterAll(() => deployed.close());

it('sluice doctor --before-deploy checks what needs no stack', async () => {
  const { code, stdout } = await deployed.doctor(['--before-deploy', '--json', '--stage', 'fresh'], {
    SLUICE_CONFIG: 'test/fixtures/config/fresh.config.ts',
  });
  expect(code).toBe(3);
  const { stack, checks }: DoctorReport = JSON.parse(stdout);
  expect(stack).toBe('sluice-fresh');
  expect(checks.map(({ check }) => check)).toEqual([
    'account',
    'stack',
    'alarms',
    'names',
    'bucket',
    'encryption',
    'key',
    'deployer',
    'lake-formation',
    'quotas',
    'bucket-policy',
    'template',
    'boundary',
  ]);
});
