import { describe, expect, it } from '@jest/globals';
import { ObserveError } from '../../observe/deployment.ts';
import { AwsAccessError, explainAwsError, unreadKind } from '../../observe/explainAwsError.ts';

const coded = (code: string, more: object = {}) => Object.assign(new Error('x'), { code, ...more });

describe('explainAwsError', () => {
  // The client reports its tries in $metadata however an attempt ended.
  const tries = { $metadata: { attempts: 3, totalRetryDelay: 120 } };

  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ETIMEDOUT',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
  ])('classifies %s during a call or a body as AWS being unreachable', (code) => {
    for (const error of [coded(code), coded(code, tries)])
      expect(explainAwsError(error)).toMatchObject({ error: { code: 'SLUICE_AWS_UNREACHABLE' } });
  });

  it.each(['getaddrinfo ENOTFOUND portal.sso', 'self-signed certificate in certificate chain'])(
    'sees the network in what a profile of SSO says: %s',
    (message) => {
      const error = Object.assign(new Error(`Error: ${message}`), { name: 'CredentialsProviderError' });
      expect(explainAwsError(error)).toMatchObject({ error: { code: 'SLUICE_AWS_UNREACHABLE' } });
    },
  );

  it.each(['ENOSPC', 'EACCES', 'ENOENT', 'ERR_INVALID_ARG_TYPE', 'SLUICE_CONFIG_INVALID'])(
    'ignores %s, which is not about AWS',
    (code) => {
      expect(explainAwsError(coded(code))).toBeUndefined();
    },
  );

  const NAMES = {
    throttled: 'RequestLimitExceeded LimitExceededException KMSThrottlingException',
    expired: 'RequestExpired ExpiredToken',
    credentials: 'UnrecognizedClientException InvalidClientTokenId InvalidSignatureException',
    timedOut: 'InternalServiceException InternalServerException',
    denied: 'UnauthorizedOperation',
    missing: 'NoSuchBucket',
  };
  it.each([
    ...Object.entries(NAMES).flatMap(([kind, names]) => names.split(' ').map((name) => [kind, name, 'x'])),
    ['throttled', 'TooManyRequestsException', 'Rate exceeded'],
    ['throttled', 'ThrottlingException', 'Rate exceeded'],
    ['throttled', 'SlowDown', 'Please reduce your request rate.'],
    ['expired', 'ExpiredTokenException', 'The security token included in the request is expired'],
    ['credentials', 'SignatureDoesNotMatch', 'Access Denied'],
    ['denied', 'AccessDeniedException', 'not authorized on resource: table/throttled_requests'],
    ['denied', 'X', 'Permission denied on S3 path'],
    ['missing', 'EntityNotFoundException', 'Table throttled_requests not found.'],
    ['timedOut', 'ServiceException', 'HTTP status code 503'],
    ['timedOut', '503', 'UnknownError'],
    ['timedOut', 'TimeoutError', 'socket'],
    ['other', 'InvalidRequestException', 'WorkGroup is disabled.'],
  ])('sees that a part is %s by %s', (kind = '', name = '', message) => {
    const error = Object.assign(new Error(message), { name });
    // Adapters wrap what a client throws.
    const wrapped = new Error('wrapped', { cause: error });
    expect(unreadKind(error)).toBe(kind);
    expect(unreadKind(wrapped)).toBe(kind);
  });

  it('sees that a part is timedOut by the status of an answer without a body', () => {
    const error = Object.assign(new Error('UnknownError'), { $metadata: { httpStatusCode: 503 } });
    expect(unreadKind(error)).toBe('timedOut');
  });

  it.each([
    ['throttled', 'HIVE_CURSOR_ERROR: Please reduce your request rate (SlowDown)'],
    ['denied', 'Access Denied (Service: Amazon S3)'],
    ['catalogKey', 'GlueEncryptionException: not authorized to perform: kms:Decrypt'],
    ['timedOut', 'Query exhausted resources at this scale factor'],
    ['timedOut', 'The query took longer than 30 minutes'],
    ['timedOut', 'INTERNAL_ERROR_QUERY_ENGINE'],
    ['timedOut', 'CLUSTER_OUT_OF_MEMORY'],
    ['query', "COLUMN_NOT_KNOWN: line 503:1: Column 'a'"],
    ['query', 'NoSuchKey: The specified key does not exist.'],
  ])('sees that a part is %s by a query that failed with %s', (kind, detail) => {
    expect(unreadKind(new ObserveError('SLUICE_OBSERVE_QUERY_FAILED', detail))).toBe(kind);
  });

  it('takes an error of ours that is about no part for another', () => {
    expect(unreadKind(new AwsAccessError('SLUICE_AWS_FAILED', 'x'))).toBe('other');
  });

  it('says that a client has no region, which throws without a name', () => {
    const error = { code: 'SLUICE_AWS_NO_REGION' };
    expect(explainAwsError(new Error('Region is missing'))).toMatchObject({ kind: 'unasked', error });
  });

  it('leaves an error that AWS returned to the command', () => {
    const error = Object.assign(new Error('no'), {
      name: 'NoSuchBucket',
      $metadata: { httpStatusCode: 404 },
    });
    expect(explainAwsError(error)).toEqual({
      kind: 'answered',
      name: 'NoSuchBucket',
      detail: 'NoSuchBucket: no',
    });
  });
});
