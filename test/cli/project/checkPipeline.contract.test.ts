import { describe, expect, it } from '@jest/globals';
import { nameFor } from '../../../cli/project/checkPipeline.ts';

describe('the name of the event that sluice test sends', () => {
  it.each([
    { what: 'says nothing', allow: undefined, name: 'sluice_test' },
    { what: 'lists no name', allow: [], name: 'sluice_test' },
    { what: 'allows every name', allow: ['*'], name: 'sluice_test' },
    { what: 'allows names by their beginning', allow: ['checkout_*', 'purchase'], name: 'checkout_' },
    { what: 'allows whole names', allow: ['purchase', 'refund'], name: 'purchase' },
  ])('is $name where the configuration $what', ({ allow, name }) => {
    expect(nameFor({ allow })).toBe(name);
  });
});
