import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { explainAwsError } from '../../observe/explainAwsError.ts';

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
