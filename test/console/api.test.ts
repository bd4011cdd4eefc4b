import { describe, expect, it } from '@jest/globals';
import { addressOf, failedCall } from '../../console/page/parts/api.ts';

describe('what a page shows after a call has failed', () => {
  const error = { code: 'SLUICE_CONSOLE_UNREACHABLE', message: 'm', cause: 'c', cure: 'c' };
  const before = { address: '/api/days?source=acme', answer: 'days of acme' };

  it('is the last answer with the error, if it is of the same address', () => {
    expect(failedCall(before, before.address, error)).toEqual({ ...before, error });
  });

  it('is the error alone, if the last answer is of another address', () => {
    const address = '/api/days?source=beta';
    expect(failedCall(before, address, error)).toEqual({ address, error });
  });
});

it.each([
  { what: 'no parameters', params: {}, address: '/api/days' },
  { what: 'parameters that say nothing', params: { a: undefined, b: '', c: false }, address: '/api/days' },
  {
    what: 'a number, a boolean and a text',
    params: { a: 0, b: true, c: 'x y&z' },
    address: '/api/days?a=0&b=true&c=x+y%26z',
  },
])('the address of a call with $what is $address', ({ params, address }) => {
  expect(addressOf('/api/days', params)).toBe(address);
});
