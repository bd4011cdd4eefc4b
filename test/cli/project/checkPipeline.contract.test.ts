import { describe, expect, it } from '@jest/globals';
import { nameFor } from '../../../cli/project/checkPipeline.ts';

describe('the name of the event that sluice test sends', () => {
  it.each([
    { allow: undefined, name: 'sluice_test' },
    { allow: [], name: 'sluice_test' },
    { allow: ['*'], name: 'sluice_test' },
    { allow: ['checkout_*', 'purchase'], name: 'checkout_' },
    { allow: ['purchase', 'refund'], name: 'purchase' },
  ])('is $name where the configuration allows $allow', ({ allow, name }) => {
    expect(nameFor({ allow })).toBe(name);
  });
});
