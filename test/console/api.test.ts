import { describe, expect, it } from '@jest/globals';
import { failedCall } from '../../console/page/parts/api.ts';

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
