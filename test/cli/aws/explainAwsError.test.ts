import { describe, expect, it } from '@jest/globals';
import { explainAwsError } from '../../../observe/explainAwsError.ts';

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
