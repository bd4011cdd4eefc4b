import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { ObserveError } from '../../observe/deployment.ts';
import {
  AwsAccessError,
  explainAwsError,
  type UnreadKind,
  unreadKind,
} from '../../observe/explainAwsError.ts';

/** A folder for files of AWS's tools. */
const folder = mkdtempSync(join(tmpdir(), 'sluice-profiles-'));
afterAll(() => rmSync(folder, { recursive: true }));

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

  it('sees the network in a time that is over, also as the cause of another error', () => {
    const cause = Object.assign(new Error('no answer'), { name: 'TimeoutError' });
    for (const error of [cause, new Error('wrapped', { cause })])
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

  it('says that a client has no region, which throws without a name', () => {
    const error = { code: 'SLUICE_AWS_NO_REGION' };
    expect(explainAwsError(new Error('Region is missing'))).toMatchObject({ kind: 'unasked', error });
  });

  it.each([
    { what: 'is there', source: 'inner', says: '' },
    { what: 'names the first again', source: 'outer', says: '' },
    { what: 'is the default, which needs no word before it', source: 'default', says: '' },
    { what: 'is in neither file', source: 'gone', says: 'The source_profile of "middle" is "gone"' },
    { what: 'lacks the word profile', source: 'bare', says: 'write [profile bare].' },
  ])('says of a source_profile of a source_profile that $what: $says', ({ source, says }) => {
    const file = join(folder, source);
    const chain = `[profile outer]\nsource_profile = middle\n[profile middle]\nsource_profile = ${source}\n`;
    writeFileSync(file, `${chain}[profile inner]\n[default]\n[bare]\nregion = eu-west-1\n`);
    const AWS_SHARED_CREDENTIALS_FILE = join(folder, 'none');
    const variables = { AWS_PROFILE: 'outer', AWS_CONFIG_FILE: file, AWS_SHARED_CREDENTIALS_FILE };
    const before = { ...process.env };
    Object.assign(process.env, variables);
    try {
      const error = Object.assign(new Error('no'), { name: 'CredentialsProviderError' });
      const detail = says === '' ? 'CredentialsProviderError: no' : expect.stringContaining(says);
      expect(explainAwsError(error)).toMatchObject({ error: { code: 'SLUICE_AWS_NO_CREDENTIALS', detail } });
    } finally {
      for (const name of Object.keys(variables)) delete process.env[name];
      Object.assign(process.env, before);
    }
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
    { kind: 'query', detail: 'NoSuchKey: The specified key does not exist.' },
  ])('is $kind where a query fails with $detail', ({ kind, detail }) => {
    expect(unreadKind(new ObserveError('SLUICE_OBSERVE_QUERY_FAILED', detail))).toBe(kind);
  });

  it('is other for an error of ours that is about no part', () => {
    expect(unreadKind(new AwsAccessError('SLUICE_AWS_FAILED', 'x'))).toBe('other');
  });
});
