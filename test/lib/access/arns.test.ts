import { expect, it } from '@jest/globals';
import { identityNamesPattern, roleNamePattern } from '../../../lib/access/arns.ts';

it.each([
  { what: 'whole', stack: 'sluice-prod', id: 'ExportRole', pattern: 'sluice-prod-ExportRole-*' },
  // With its end of 14 characters it has 64.
  { what: 'just whole', stack: 's'.repeat(39), id: 'ExportRole', pattern: `${'s'.repeat(39)}-ExportRole-*` },
  { what: 'cut', stack: 's'.repeat(40), id: 'ExportRole', pattern: `${'s'.repeat(20)}*-Export*` },
])('the name of a role is $what', ({ stack, id, pattern }) => {
  expect(roleNamePattern(stack, id)).toBe(pattern);
});

it.each([
  { stack: 's'.repeat(20), pattern: `${'s'.repeat(20)}-*` },
  { stack: 's'.repeat(21), pattern: `${'s'.repeat(20)}*` },
])('names of roles of the stack $stack begin as $pattern', ({ stack, pattern }) => {
  expect(identityNamesPattern(stack)).toBe(pattern);
});
