import { describe, expect, it } from '@jest/globals';
import { endsEarly } from '../../../lib/base/endsEarly.ts';

const LENGTH = 1_000_000;
const SPACES = ' '.repeat(LENGTH);

describe('whether JSON ends early', () => {
  it.each([
    { what: 'spaces before its first member', text: `{${SPACES}`, isCut: true },
    { what: 'spaces before a wrong character', text: `{${SPACES}x`, isCut: false },
    { what: 'spaces behind a text', text: `["a"${SPACES}`, isCut: true },
    { what: 'spaces between a text and a wrong character', text: `["a"${SPACES}x`, isCut: false },
    { what: 'spaces behind a colon', text: `{"a":${SPACES}`, isCut: true },
    { what: 'spaces on both sides of a colon', text: `{"a"${SPACES}:${SPACES}x`, isCut: false },
    { what: 'a long number', text: `[${'1'.repeat(LENGTH)}`, isCut: true },
    { what: 'a long number before a wrong character', text: `[${'1'.repeat(LENGTH)}x`, isCut: false },
    { what: 'letters of infinity without end', text: `[I${'n'.repeat(LENGTH)}1`, isCut: false },
    { what: 'many texts without a comma', text: `[${'"a"'.repeat(LENGTH / 4)}`, isCut: false },
    { what: 'a million brackets', text: '['.repeat(LENGTH), isCut: true },
    { what: 'two numbers with a space between them', text: '[1 2', isCut: false },
    { what: 'lines and tabs', text: '{\r\n\t"a" :\n', isCut: true },
  ])('of $what: $isCut', ({ text, isCut }) => {
    expect(endsEarly(text)).toBe(isCut);
  });
});
