import { expect, it } from '@jest/globals';
import { deploymentCommands } from '../../../observe/deploymentCommands.ts';
import { distinctFor } from '../../../observe/doctor/diagnose.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { judgeKey } from '../../../observe/findings/judge/deployment/key.ts';

it('findings of one look are told once each: of a disabled key one for the bucket, and one for logs', () => {
  const deployment = { stack: { service: 'sluice', stage: 'prod' }, localControl: undefined };
  const commands = deploymentCommands(deployment, 'eu-west-1');
  const disabled = {
    Arn: 'k',
    KeyState: 'Disabled',
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyUsage: 'ENCRYPT_DECRYPT',
  } as const;
  const found = (['bucket', 'logs', 'logs'] as const).flatMap((user) =>
    judgeKey(disabled, commands, { user }),
  );
  expect(found).toHaveLength(3);
  const { off, logsOff } = findingCatalogue.SLUICE_FINDING_KEY_UNUSABLE.cases;
  expect(distinctFor([], found).map(({ cause }) => cause)).toEqual([off.cause, logsOff.cause]);
});
