import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { callMain, keysEnvironment } from '../../harness/callMain.ts';

const s3 = await startS3();
afterAll(() => s3.close());

/** Any command that talks to AWS: all report its errors in one place. */
const ask = (env: Readonly<Record<string, string>>) =>
  callMain(['redrive', '--reason', 'SLUICE_BODY_NOT_JSON', '--stage', 'dev'], {
    env: {
      AWS_ENDPOINT_URL: s3.url,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_MAX_ATTEMPTS: '1',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...env,
    },
  });

describe('a query', () => {
  const asked = async (...args: readonly string[]) => {
    const env = { ...keysEnvironment('http://127.0.0.1:9'), AWS_MAX_ATTEMPTS: '1' };
    const { stdout } = await callMain(['query', 'select 1', ...args, '--json'], { env });
    return JSON.parse(stdout).error.code;
  };
  const noData = ['--data', '/dev/null/none'];

  it.each([
    { args: ['--stage', 'dev'] },
    { args: [...noData, '--athena'] },
    { args: [...noData, '--endpoint-url', 'http://127.0.0.1:9'] },
  ])('is asked of Athena with $args', async ({ args }) => {
    expect(await asked(...args)).toBe('SLUICE_AWS_UNREACHABLE');
  });

  it.each([{ args: noData }, { args: [...noData, '--local'] }, { args: [...noData, '--stage', 'local'] }])(
    'is asked of the files of the local cloud with $args',
    async ({ args }) => expect(await asked(...args)).toBe('SLUICE_QUERY_NO_DATA'),
  );
});

describe('a command that talks to AWS', () => {
  it.each([
    { code: 'SLUICE_AWS_FAILED', detail: 'NoSuchBucket', env: {} },
    { code: 'SLUICE_AWS_FAILED', detail: 'SignatureDoesNotMatch', env: { AWS_SECRET_ACCESS_KEY: 'wrong' } },
    {
      code: 'SLUICE_AWS_NO_CREDENTIALS',
      detail: 'CredentialsProviderError',
      env: { AWS_ENDPOINT_URL: 'http://nowhere.invalid', AWS_ACCESS_KEY_ID: '' },
    },
    {
      code: 'SLUICE_AWS_NO_CREDENTIALS',
      detail: 'AWS_PROFILE is "nosuch"',
      env: { AWS_ENDPOINT_URL: 'http://nowhere.invalid', AWS_ACCESS_KEY_ID: '', AWS_PROFILE: 'nosuch' },
    },
    // In the configuration's region, to which Serverless has deployed, whatever the shell says.
    {
      code: 'SLUICE_AWS_UNREACHABLE',
      detail: '',
      env: { AWS_ENDPOINT_URL: 'http://nowhere.invalid', AWS_REGION: 'eu-west-1' },
    },
    {
      code: 'SLUICE_AWS_UNREACHABLE',
      detail: 'ECONNREFUSED',
      env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    },
  ])('reports $code ($detail) and its cure, with $env', async ({ code, detail, env }) => {
    const result = await ask(env);
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(detail) });
    expect(result.stderr).toMatch(
      new RegExp(`^(Stage dev in us-east-1|The local cloud on \\S+, stage dev)\\.\\n${code}: .*\\n  .*\\n$`),
    );
  });

  it('names a source_profile that neither file of AWS has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-profiles-'));
    const file = join(folder, 'config');
    writeFileSync(
      file,
      '[profile outer]\nrole_arn = arn:aws:iam::444455556666:role/x\nsource_profile = gone\n',
    );
    const { code, stderr } = await ask({
      AWS_ENDPOINT_URL: 'http://nowhere.invalid',
      AWS_ACCESS_KEY_ID: '',
      AWS_PROFILE: 'outer',
      AWS_CONFIG_FILE: file,
    });
    rmSync(folder, { recursive: true });
    expect(code).toBe(1);
    expect(stderr).toContain('The source_profile of "outer" is "gone"');
  });

  it("uses the local cloud's region and credentials with --local", async () => {
    const env = { AWS_ENDPOINT_URL: '', AWS_ACCESS_KEY_ID: '' };
    const args = [
      'redrive',
      '--reason',
      'SLUICE_BODY_NOT_JSON',
      '--local',
      '--endpoint-url',
      s3.url,
      '--json',
    ];
    const { code, stdout } = await callMain(args, { env });
    // Beyond region and credentials: there is no bucket.
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: {
        code: 'SLUICE_AWS_FAILED',
        message: expect.stringContaining('NoSuchBucket'),
      },
    });
  });
});
