import { describe, expect, it } from '@jest/globals';
import { encryptionProblems } from '../../infra/serverless/encryptionProblems.ts';
import { VERSION } from '../../lib/base/version.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';

describe('the encryption of the configuration', () => {
  const KEY = 'arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';
  const kms = { encryption: 'kms', existing: { bucket: true, keyArn: KEY } } as const;
  const OWN = KEY.replace('0123', '8888');
  const OTHER = KEY.replace('0123', '9999');
  const named = (keyArn: string) => ({ existing: { bucket: true, keyArn } });
  const s3 = { encryption: 's3', existing: { bucket: true } } as const;
  const version = ['SluiceVersion', VERSION] as const;
  const by = (KMSMasterKeyID?: string) => ({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID });
  const AES256 = { SSEAlgorithm: 'AES256' };
  interface EncryptionCase {
    readonly what: string;
    readonly input: Partial<ConfigInput>;
    /** Outputs of the stack; absent before there is one. */
    readonly outputs?: readonly (readonly [name: string, value: string])[];
    /** The default encryption of a bucket that exists; absent of a new bucket. */
    readonly bucketDefault?: object;
    /** Words of the problem; absent if there is none. */
    readonly problem?: string;
  }

  it.each<EncryptionCase>([
    { what: 'is free before there is a stack', input: s3, bucketDefault: AES256 },
    { what: 'is free before a stack is complete', input: s3, outputs: [] },
    { what: 'stays with a key', input: kms, outputs: [version, ['KeyArn', KEY]] },
    { what: 'stays without a key', input: s3, outputs: [version], bucketDefault: AES256 },
    {
      what: 'cannot lose the key of the stack',
      input: s3,
      outputs: [version, ['KeyArn', KEY]],
      problem: 'encryption: got "s3"',
    },
    { what: 'cannot give the stack a key', input: kms, outputs: [version], problem: 'encryption: got "kms"' },
    { what: 'stays with the key of the stack', input: {}, outputs: [version, ['KeyArn', OWN]] },
    { what: 'may name the key of the stack', input: named(OWN), outputs: [version, ['KeyArn', OWN]] },
    {
      what: 'cannot bring a key to a stack with its own',
      input: kms,
      outputs: [version, ['KeyArn', OWN]],
      problem: `${KEY}, expected ${OWN}`,
    },
    {
      what: 'cannot bring another key',
      input: named(OTHER),
      outputs: [version, ['KeyArn', KEY]],
      problem: `${OTHER}, expected ${KEY}`,
    },
    {
      what: 'cannot leave a key that was brought',
      input: {},
      outputs: [version, ['KeyArn', KEY]],
      problem: `null, expected ${KEY}`,
    },
    { what: 'fits a bucket with this key, by its ID', input: kms, bucketDefault: by(KEY.split('/')[1]) },
    { what: 'fits a bucket with this key, by its ARN', input: kms, bucketDefault: by(KEY) },
    {
      what: 'does not fit a bucket whose key has an alias',
      input: kms,
      bucketDefault: by('alias/acme'),
      problem: 'name the key by its ARN',
    },
    {
      what: 'does not fit a bucket whose key has an alias with an account',
      input: kms,
      bucketDefault: by(KEY.replace(/key.*/, 'alias/acme')),
      problem: 'name the key by its ARN',
    },
    { what: 'fits a bucket that is about to get the key', input: kms, bucketDefault: AES256 },
    {
      what: 'does not fit a bucket with another key',
      input: kms,
      bucketDefault: by(OTHER),
      problem: 'existing.keyArn',
    },
    {
      what: "does not fit a bucket with AWS's key",
      input: kms,
      bucketDefault: by(),
      problem: "AWS's own key for S3 (aws/s3)",
    },
    {
      what: "does not fit a bucket with AWS's key by its alias",
      input: kms,
      bucketDefault: by('alias/aws/s3'),
      problem: '(aws/s3), and no value',
    },
    {
      what: 'fits the bucket of a deployed stage with its key',
      input: kms,
      outputs: [version, ['KeyArn', KEY]],
      bucketDefault: by(KEY),
    },
    {
      what: 'of a deployed stage does not follow its bucket to another key',
      input: kms,
      outputs: [version, ['KeyArn', KEY]],
      bucketDefault: by(OTHER.split('/')[1]),
      problem: `expected ${KEY}, with which the stack`,
    },
    {
      what: "of a deployed stage does not follow its bucket from S3's keys",
      input: s3,
      outputs: [version],
      bucketDefault: by(KEY),
      problem: "expected S3's own keys (AES256), with which the stack",
    },
    {
      what: "of a deployed stage does not follow its bucket to AWS's key",
      input: kms,
      outputs: [version, ['KeyArn', KEY]],
      bucketDefault: by(),
      problem: `expected ${KEY}, with which the stack`,
    },
    {
      what: "is S3's, and does not fit a bucket with a key",
      input: s3,
      bucketDefault: by(KEY),
      problem: 'existing.keyArn: got null',
    },
    {
      what: "is S3's, and does not fit a bucket with an alias",
      input: s3,
      bucketDefault: by('alias/acme'),
      problem: 'name the key by its ARN',
    },
    {
      what: "is S3's, and does not fit a bucket with AWS's key",
      input: s3,
      bucketDefault: by(),
      problem: 'no value of `encryption` fits',
    },
  ])('$what', ({ input, outputs, bucketDefault, problem }) => {
    const config = defineConfig({ bucket: 'acme', ...input });
    const made = outputs?.some(([, value]) => value === OWN) ? [['DataKey', OWN.slice(-36)] as const] : [];
    const seen = { stackName: 'sluice-prod', outputs: new Map(outputs), resources: new Map(made) };
    const stack = outputs === undefined ? undefined : seen;
    const problems = encryptionProblems(config, stack, bucketDefault).map(({ text }) => text);
    expect(problems).toEqual(problem === undefined ? [] : [expect.stringContaining(problem)]);
  });
});
