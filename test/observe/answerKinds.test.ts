import { describe, expect, it } from '@jest/globals';
import { type UnreadKind, unreadKind } from '../../observe/answerKinds.ts';
import { ObserveError } from '../../observe/deployment.ts';
import { AwsAccessError } from '../../observe/explainAwsError.ts';

describe('why a part could not be read', () => {
  interface AnswerCase {
    readonly kind: UnreadKind;
    /** Name of the error. */
    readonly name: string;
    /** Default one that says nothing. */
    readonly message?: string;
  }

  it.each<AnswerCase>([
    { kind: 'throttled', name: 'RequestLimitExceeded' },
    { kind: 'quota', name: 'LimitExceededException' },
    { kind: 'quota', name: 'ServiceQuotaExceededException' },
    { kind: 'throttled', name: 'KMSThrottlingException' },
    { kind: 'throttled', name: 'TooManyRequestsException', message: 'Rate exceeded' },
    { kind: 'throttled', name: 'ThrottlingException', message: 'Rate exceeded' },
    { kind: 'throttled', name: 'SlowDown', message: 'Please reduce your request rate.' },
    { kind: 'expired', name: 'RequestExpired' },
    { kind: 'expired', name: 'ExpiredToken' },
    {
      kind: 'expired',
      name: 'ExpiredTokenException',
      message: 'The security token included in the request is expired',
    },
    { kind: 'credentials', name: 'UnrecognizedClientException' },
    { kind: 'credentials', name: 'InvalidClientTokenId' },
    { kind: 'credentials', name: 'InvalidSignatureException' },
    { kind: 'credentials', name: 'SignatureDoesNotMatch', message: 'Access Denied' },
    { kind: 'denied', name: 'UnauthorizedOperation' },
    {
      kind: 'denied',
      name: 'AccessDeniedException',
      message: 'not authorized on resource: table/throttled_requests',
    },
    { kind: 'denied', name: 'X', message: 'Permission denied on S3 path' },
    { kind: 'missing', name: 'NoSuchBucket' },
    {
      kind: 'missing',
      name: 'EntityNotFoundException',
      message: 'Table throttled_requests not found.',
    },
    { kind: 'timedOut', name: 'InternalServiceException' },
    { kind: 'timedOut', name: 'InternalServerException' },
    { kind: 'timedOut', name: 'ServiceException', message: 'HTTP status code 503' },
    { kind: 'timedOut', name: '503', message: 'UnknownError' },
    { kind: 'timedOut', name: 'TimeoutError', message: 'socket' },
    { kind: 'other', name: 'InvalidRequestException', message: 'WorkGroup is disabled.' },
  ])('is $kind where AWS answers $name', ({ kind, name, message = 'x' }) => {
    const error = Object.assign(new Error(message), { name });
    expect(unreadKind(error)).toBe(kind);
    // Adapters wrap what a client throws.
    expect(unreadKind(new Error('wrapped', { cause: error }))).toBe(kind);
  });

  it('is timedOut by the status of an answer without a body', () => {
    const error = Object.assign(new Error('UnknownError'), { $metadata: { httpStatusCode: 503 } });
    expect(unreadKind(error)).toBe('timedOut');
  });

  it.each<{ readonly kind: UnreadKind; readonly detail: string }>([
    { kind: 'throttled', detail: 'HIVE_CURSOR_ERROR: Please reduce your request rate (SlowDown)' },
    { kind: 'denied', detail: 'Access Denied (Service: Amazon S3)' },
    { kind: 'catalogKey', detail: 'GlueEncryptionException: not authorized to perform: kms:Decrypt' },
    { kind: 'timedOut', detail: 'Query exhausted resources at this scale factor' },
    { kind: 'timedOut', detail: 'The query took longer than 30 minutes' },
    { kind: 'timedOut', detail: 'INTERNAL_ERROR_QUERY_ENGINE' },
    { kind: 'timedOut', detail: 'CLUSTER_OUT_OF_MEMORY' },
    { kind: 'query', detail: "COLUMN_NOT_KNOWN: line 503:1: Column 'a'" },
    {
      kind: 'query',
      detail:
        "COLUMN_NOT_FOUND: line 11:1880: Column 'cart_id' cannot be resolved or requester is not authorized to access requested resources",
    },
    { kind: 'query', detail: 'NoSuchKey: The specified key does not exist.' },
  ])('is $kind where a query fails with $detail', ({ kind, detail }) => {
    expect(unreadKind(new ObserveError('SLUICE_OBSERVE_QUERY_FAILED', detail))).toBe(kind);
  });

  it('is other for an error of ours that is about no part', () => {
    expect(unreadKind(new AwsAccessError('SLUICE_AWS_FAILED', 'x'))).toBe('other');
  });
});
