import { describe, expect, it } from '@jest/globals';
import type { AllowStatement } from '../../infra/roles/policies.ts';
import { fitPolicySize, type StatementAlternatives } from '../../infra/roles/policySize.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';

const stack = { config: defineConfig({ bucket: 'acme-experiments' }), service: 'sluice', stage: 'prod' };
/** A statement of some more characters than its resource has. */
const allow = (action: string, characters: number): AllowStatement => ({
  Action: [action],
  Resource: [action.at(0)?.repeat(characters) ?? ''],
});
describe('the statements of a role', () => {
  it('list all names while there is room, and then fewer names for the purpose that needs the most space', () => {
    const a = (...sizes: number[]) => sizes.map((size) => [allow('a', size)]);
    const b = (...sizes: number[]) => sizes.map((size) => [allow('b', size)]);
    const taken = (parts: readonly (AllowStatement | StatementAlternatives)[]) =>
      fitPolicySize(stack, parts).map((one) => ('Resource' in one ? String(one.Resource[0]).length : 0));
    expect(taken([a(4_000, 100), b(4_000, 100)])).toEqual([4_000, 4_000]);
    expect(taken([a(4_000, 100), b(8_000, 5_000, 100)])).toEqual([4_000, 5_000]);
    expect(taken([a(6_000, 100), b(8_000, 5_000, 100)])).toEqual([100, 5_000]);
    // A choice that would take more space is not used.
    expect(taken([b(8_000, 9_500, 100), a(4_000)])).toEqual([100, 4_000]);
    expect(taken([allow('c', 5_000), b(8_000, 100)])).toEqual([5_000, 100]);
  });

  it('are rejected by name when nothing can be shortened', () => {
    const parts = [allow('c', 9_000), [[allow('b', 8_000)], [allow('b', 2_000)]]];
    expect(() => fitPolicySize(stack, parts)).toThrow(
      expect.objectContaining({
        code: 'SLUICE_CONFIG_ROLE_TOO_LARGE',
        message: expect.stringMatching(/11\d\d\d characters of 10000/),
      }),
    );
  });
});
