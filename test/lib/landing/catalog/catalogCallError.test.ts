import { describe, expect, it } from '@jest/globals';
import { awsCall, CatalogCallError, catalogCallError } from '../../../../lib/landing/catalog/catalogCalls.ts';

/** What a client of AWS throws: an error of the SDK has a fault, one of the system a code. */
function thrown(name: string, members: object = {}): Error {
  return Object.assign(new Error('told by AWS'), { name }, members);
}

describe('an error of a call to Glue or S3', () => {
  it.each([
    'ConcurrentModificationException',
    'FederationSourceRetryableException',
    'InternalFailure',
    'InternalServiceException',
    'OperationTimeoutException',
    'RequestLimitExceeded',
    'ResourceNotReadyException',
    'ServiceUnavailable',
    'ServiceUnavailableException',
    'Throttling',
    'ThrottlingException',
    'TooManyRequestsException',
  ])('may pass by itself if Glue names it %s, whoever is at fault', (code) => {
    const error = thrown(code, { $fault: 'client' });
    expect(catalogCallError(error)).toMatchObject({ code, isTransient: true });
  });

  it.each([
    { error: thrown('UnheardOf', { $fault: 'server' }), code: 'UnheardOf' },
    { error: thrown('TimeoutError'), code: 'TimeoutError' },
    { error: thrown('RequestTimeout', { $fault: 'client' }), code: 'RequestTimeout' },
    { error: thrown('Error', { code: 'ECONNRESET' }), code: 'ECONNRESET' },
    { error: thrown('Error', { code: 'EAI_AGAIN' }), code: 'EAI_AGAIN' },
    { error: thrown('Error', { code: 'ERR_STREAM_PREMATURE_CLOSE' }), code: 'ERR_STREAM_PREMATURE_CLOSE' },
  ])('may pass by itself if it is $code', ({ error, code }) => {
    expect(catalogCallError(error)).toMatchObject({
      code,
      isTransient: true,
      message: 'told by AWS',
      cause: error,
    });
  });

  it.each([
    { error: thrown('AccessDeniedException', { $fault: 'client' }), code: 'AccessDeniedException' },
    { error: thrown('EntityNotFoundException', { $fault: 'client' }), code: 'EntityNotFoundException' },
    { error: thrown('TypeError', { code: 'ERR_INVALID_ARG_TYPE' }), code: 'TypeError' },
    { error: thrown('Error', { code: 'ERR_INVALID_ARG_VALUE' }), code: 'ERR_INVALID_ARG_VALUE' },
  ])('stays as it is if it is $code', ({ error, code }) => {
    expect(catalogCallError(error)).toMatchObject({ code, isTransient: false });
  });

  it('is converted by a call, unless it is a fault of the code', async () => {
    const denied = thrown('AccessDeniedException', { $fault: 'client' });
    await expect(awsCall(() => Promise.reject(denied))).rejects.toMatchObject({
      name: 'CatalogCallError',
      cause: denied,
    });
    const defect = new TypeError('defect');
    await expect(awsCall(() => Promise.reject(defect))).rejects.toBe(defect);
    expect(await awsCall(async () => 'answer')).toBe('answer');
  });

  it('is kept if it has been converted before', () => {
    const error = new CatalogCallError({ code: 'SlowDown', message: 'slow', isTransient: true });
    expect(catalogCallError(error)).toBe(error);
  });
});
