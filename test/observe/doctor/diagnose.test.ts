import { expect, it } from '@jest/globals';
import { distinctFor } from '../../../observe/doctor/diagnose.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { judgeKey } from '../../../observe/findings/judge/deployment/key.ts';
import { wellKey } from '../statusFacts.ts';
import { commands } from './setupOf.ts';

it('findings of one look are told once each: of a disabled key one for the bucket, and one for logs', () => {
  const disabled = { ...wellKey, KeyState: 'Disabled' } as const;
  const found = (['bucket', 'logs', 'logs'] as const).flatMap((user) =>
    judgeKey(disabled, commands, { user }),
  );
  expect(found).toHaveLength(3);
  const { off, logsOff } = findingCatalogue.SLUICE_FINDING_KEY_UNUSABLE.cases;
  expect(distinctFor([], found).map(({ cause }) => cause)).toEqual([off.cause, logsOff.cause]);
});
