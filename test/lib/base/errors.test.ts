import { describe, expect, it } from '@jest/globals';
import { defineErrorFamily, errorCode, errorObject } from '../../../lib/base/errors.ts';

const Family = defineErrorFamily(
  'user',
  {
    SLUICE_A: { cause: 'It is a.', cure: 'Mend a.' },
    SLUICE_B: { cause: 'It is b.', cure: 'Mend b.', repeats: 'twice' },
  },
  'always',
);

describe('an error of a family', () => {
  it.each([
    { code: 'SLUICE_A', detail: 'x: y.', message: 'It is a. x: y.', repeats: 'always' },
    { code: 'SLUICE_B', detail: '', message: 'It is b.', repeats: 'twice' },
  ] as const)('$code repeats as its entry says, or else its family', ({ code, detail, message, repeats }) => {
    const error = new Family(code, detail);
    expect(error).toMatchObject({ code, detail, message, repeats, fault: 'user' });
    const { cause, cure } = Family.entries[code];
    expect(errorObject(error)).toEqual({ code, message, cause, cure });
  });
});

it.each([
  {
    what: 'of the network',
    error: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    code: 'ECONNREFUSED',
  },
  {
    what: 'of the network with several addresses',
    error: Object.assign(new AggregateError([]), { code: 'ETIMEDOUT' }),
    code: 'ETIMEDOUT',
  },
  { what: 'with a name', error: Object.assign(new TypeError('x'), { code: 'ERR_X' }), code: 'TypeError' },
  { what: 'without a code', error: new Error('x'), code: 'Error' },
  { what: 'with a number', error: Object.assign(new Error('x'), { code: 7 }), code: 'Error' },
  { what: 'that is none', error: 'x', code: 'Error' },
])('the code of an error $what is $code', ({ error, code }) => {
  expect(errorCode(error)).toBe(code);
});
