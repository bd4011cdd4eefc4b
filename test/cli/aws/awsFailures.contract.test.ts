import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { startS3 } from '../../../packages/local-aws/src/testing/startS3.ts';
import { awsEnvironment, callMain } from '../../harness/callMain.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';
import { wordsOf } from '../../harness/wordsOf.ts';

const s3 = await startS3();
const folder = temporaryDirectory();
afterAll(async () => {
  folder.remove();
  await s3.close();
});

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
  /** Another folder than that of the local cloud, in which nothing is. */
  const NO_DATA = '--data /dev/null/none';
  const failureOf = async (line: string) => {
    const env = { ...awsEnvironment('http://127.0.0.1:9'), AWS_MAX_ATTEMPTS: '1' };
    const { stdout } = await callMain(['query', 'select 1', ...wordsOf(line), '--json'], { env });
    return JSON.parse(stdout).error.code;
  };

  it.each(['--stage dev', `${NO_DATA} --athena`, `${NO_DATA} --endpoint-url http://127.0.0.1:9`])(
    'is asked of Athena with %s',
    async (line) => {
      expect(await failureOf(line)).toBe('SLUICE_AWS_UNREACHABLE');
    },
  );

  it.each([NO_DATA, `${NO_DATA} --local`, `${NO_DATA} --stage local`, `${NO_DATA} --endpoint-url ''`])(
    'is asked of the files of the local cloud with %s',
    async (line) => {
      expect(await failureOf(line)).toBe('SLUICE_QUERY_NO_DATA');
    },
  );
});

/** A failure of AWS that variables cause. */
interface Failure {
  readonly what: string;
  /** The code of the error. */
  readonly code: string;
  /** A part of the message: a name of the SDK's error, or why. */
  readonly detail: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A host that no name server knows: https://www.rfc-editor.org/rfc/rfc6761#section-6.4 */
const NOWHERE = 'http://nowhere.invalid';

describe('a command that talks to AWS', () => {
  it.each<Failure>([
    { what: 'a bucket that does not exist', code: 'SLUICE_AWS_FAILED', detail: 'NoSuchBucket', env: {} },
    {
      what: 'a wrong secret key',
      code: 'SLUICE_AWS_FAILED',
      detail: 'SignatureDoesNotMatch',
      env: { AWS_SECRET_ACCESS_KEY: 'wrong' },
    },
    {
      what: 'no credentials',
      code: 'SLUICE_AWS_NO_CREDENTIALS',
      detail: 'CredentialsProviderError',
      env: { AWS_ENDPOINT_URL: NOWHERE, AWS_ACCESS_KEY_ID: '' },
    },
    {
      what: 'a profile that does not exist',
      code: 'SLUICE_AWS_NO_CREDENTIALS',
      detail: 'AWS_PROFILE is "nosuch"',
      env: { AWS_ENDPOINT_URL: NOWHERE, AWS_ACCESS_KEY_ID: '', AWS_PROFILE: 'nosuch' },
    },
    {
      // The region stays that of the configuration, to which Serverless has deployed.
      what: 'a host that does not exist and another region',
      code: 'SLUICE_AWS_UNREACHABLE',
      detail: '',
      env: { AWS_ENDPOINT_URL: NOWHERE, AWS_REGION: 'eu-west-1' },
    },
    {
      what: 'a port at which nothing listens',
      code: 'SLUICE_AWS_UNREACHABLE',
      detail: 'ECONNREFUSED',
      env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' },
    },
  ])('reports $what by $code, its detail and its cure', async ({ code, detail, env }) => {
    const result = await ask(env);
    expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(detail) });
    expect(result.stderr).toMatch(
      new RegExp(`^(Stage dev in us-east-1|The local cloud on \\S+, stage dev)\\.\\n${code}: .*\\n  .*\\n$`),
    );
  });

  it('names a source_profile that neither file of AWS has', async () => {
    const file = join(folder.path, 'config');
    writeFileSync(
      file,
      '[profile outer]\nrole_arn = arn:aws:iam::444455556666:role/x\nsource_profile = gone\n',
    );
    const { code, stderr } = await ask({
      AWS_ENDPOINT_URL: NOWHERE,
      AWS_ACCESS_KEY_ID: '',
      AWS_PROFILE: 'outer',
      AWS_CONFIG_FILE: file,
    });
    expect(code).toBe(1);
    expect(stderr).toContain('The source_profile of "outer" is "gone"');
  });

  it("uses the local cloud's region and credentials with --local", async () => {
    const env = { AWS_ENDPOINT_URL: '', AWS_ACCESS_KEY_ID: '' };
    const line = `redrive --reason SLUICE_BODY_NOT_JSON --local --endpoint-url ${s3.url} --json`;
    const { code, stdout } = await callMain(wordsOf(line), { env });
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
