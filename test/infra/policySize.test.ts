import { expect, it } from '@jest/globals';
import { requirePolicySize } from '../../infra/roles/policySize.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

const stack = { config: defineConfig({ bucket: 'acme-experiments' }), service: 'sluice', stage: 'prod' };
/** A statement of some more characters than its resource has. */
const allow = (characters: number) => ({ Action: ['s3:GetObject'], Resource: ['b'.repeat(characters)] });

it('statements of a role that IAM would refuse are rejected by name', () => {
  const fits = [allow(9_000), allow(100)];
  expect(requirePolicySize(stack, fits)).toBe(fits);
  expect(() => requirePolicySize(stack, [allow(9_000), allow(2_000)])).toThrow(
    expect.objectContaining({
      code: 'SLUICE_CONFIG_ROLE_TOO_LARGE',
      message: expect.stringMatching(/11\d\d\d characters of 10000/),
    }),
  );
});
