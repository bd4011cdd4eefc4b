import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { callMain } from '../../harness/callMain.ts';
import { type RunningS3, startS3 } from '../../local/s3/startS3.ts';

let s3: RunningS3;
beforeAll(async () => {
  s3 = await startS3();
});
afterAll(() => s3.close());

const redrive = (env: Readonly<Record<string, string>>) =>
  callMain(['redrive', '--reason', 'SLUICE_BODY_NOT_JSON'], {
    env: {
      AWS_ENDPOINT_URL: s3.url,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...env,
    },
  });

describe('sluice redrive', () => {
  it.each([
    ['SLUICE_REDRIVE_QUARANTINE_UNREADABLE', 'NoSuchBucket', {}],
    ['SLUICE_REDRIVE_QUARANTINE_UNREADABLE', 'SignatureDoesNotMatch', { AWS_SECRET_ACCESS_KEY: 'wrong' }],
    ['SLUICE_AWS_NO_REGION', 'Region', { AWS_DEFAULT_REGION: '' }],
    ['SLUICE_AWS_NO_CREDENTIALS', 'CredentialsProviderError', { AWS_ACCESS_KEY_ID: '' }],
    ['SLUICE_AWS_UNREACHABLE', 'ECONNREFUSED', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }],
  ])('says %s (%s) and what to do, with %j', async (code, detail, env) => {
    const result = await redrive(env);
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(detail) });
    expect(result.stderr).toMatch(new RegExp(`^${code}: .*\\n  .*\\n$`));
  });
});
