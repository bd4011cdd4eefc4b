import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../../lib/schema/config.ts';
import { bucketBeforeLook } from '../../../../observe/doctor/bucket/bucket.ts';
import { encryptionBeforeLook } from '../../../../observe/doctor/bucket/encryption.ts';
import { broughtKeysLook, keyLook } from '../../../../observe/doctor/bucket/key.ts';
import { account } from '../fakeAccount.ts';
import { keyArn } from './keyArn.ts';
import { startBeforeDeploy } from './startBeforeDeploy.ts';

const deployed = await startBeforeDeploy();
const { findingsOf } = deployed;
afterAll(() => deployed.close());
beforeEach(() => deployed.reset());

const OF_BUCKET = keyArn('01234567-89ab-cdef-0123-456789abcdef');
const OF_LOGS = keyArn('mrk-0123456789abcdef0123456789abcdef');

describe('a bucket that the configuration brings', () => {
  const found = (bucket: string) =>
    findingsOf(bucketBeforeLook, { bucket, encryption: 's3', existing: { bucket: true } });

  it('is not told if it is in the region of the stack', async () => {
    expect(await found(deployed.bucket)).toEqual([]);
  });

  it('is told if it is in another region', async () => {
    const s3 = new S3Client({ ...deployed.options, region: 'eu-west-2', forcePathStyle: true });
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-2' } as const;
    await s3.send(new CreateBucketCommand({ Bucket: 'acme-in-london', CreateBucketConfiguration }));
    s3.destroy();
    expect(await found('acme-in-london')).toEqual([
      'REGION_UNFIT acme-in-london is in eu-west-2, the stack in us-east-1.',
    ]);
  });

  it('is told if it is absent', async () => {
    expect(await found('acme-absent')).toEqual(['RESOURCE_MISSING The bucket acme-absent.']);
  });

  it('is not told where the stack makes it', async () => {
    expect(await findingsOf(bucketBeforeLook, { bucket: 'acme-absent' })).toEqual([]);
  });

  it('is told if it is of another account', async () => {
    deployed.denyRegions();
    expect(await found(deployed.bucket)).toEqual([
      expect.stringMatching(/^BUCKET_UNFIT .*GetBucketLocation/),
    ]);
  });
});

describe('the encryption of a configuration', () => {
  const brought = { existing: { bucket: true } };
  const withKey = { existing: { bucket: true, keyArn: OF_BUCKET } };
  /** What is found begins so. */
  const found = async (options: Partial<ConfigInput>) => {
    const all = await findingsOf(encryptionBeforeLook, { bucket: deployed.bucket, ...options });
    return all.map((one) => one.slice(0, 40));
  };

  it.each([
    {
      what: 'differs from that of a brought bucket',
      options: { encryption: 's3' as const, ...brought },
      differs: ['ENCRYPTION_DIFFERS existing.keyArn: got '],
    },
    {
      what: 'has another key than a brought bucket',
      options: withKey,
      differs: ['ENCRYPTION_DIFFERS existing.keyArn: got '],
    },
    {
      what: 'is of a bucket that the stack makes',
      options: { encryption: 's3' as const },
      differs: [],
    },
  ])('is told by $differs.length findings if it $what', async ({ options, differs }) => {
    expect(await found(options)).toEqual(differs);
  });

  it.each([
    { what: 'is that of the stack', options: {}, differs: [] },
    {
      what: 'differs from that of the stack',
      options: { encryption: 's3' as const },
      differs: ['ENCRYPTION_DIFFERS encryption: got "s3",'],
    },
    {
      what: 'brings another key than that of the stack, which its bucket has',
      options: withKey,
      differs: ['ENCRYPTION_DIFFERS existing.keyArn: got '],
    },
  ])('is told by $differs.length findings if it $what', async ({ options, differs }) => {
    deployed.describeProd();
    expect(await found(options)).toEqual(differs);
  });
});

describe('keys that the configuration brings', () => {
  const FIT = { KeyState: 'Enabled', KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' };
  const KIND = 'SYMMETRIC_DEFAULT, ENCRYPT_DECRYPT';
  const config = defineConfig({
    bucket: 'acme-experiments',
    existing: { keyArn: OF_BUCKET },
    logs: { kmsKeyArn: OF_LOGS },
  });

  beforeEach(() => {
    account.keys.set(OF_BUCKET, FIT);
    account.keys.set(OF_LOGS, FIT);
  });

  const find = async () => {
    const found = await deployed.look(broughtKeysLook, config, { stage: 'fresh', isLocal: false });
    return found.map(({ severity, detail, commands }) => ({ severity, detail, commands: commands.length }));
  };
  const problem = (detail: string, commands: number) => ({ severity: 'problem', detail, commands });

  it.each([
    { what: 'are fit', ofBucket: FIT, ofLogs: FIT, found: [] },
    {
      what: 'are fit, the one of logs in many regions',
      ofBucket: FIT,
      ofLogs: { ...FIT, MultiRegion: true },
      found: [],
    },
    {
      what: 'have one of a bucket in many regions',
      ofBucket: { ...FIT, MultiRegion: true },
      ofLogs: FIT,
      found: [problem(`${OF_BUCKET} is of a kind that Statsig does not use (${KIND}, multi-Region).`, 0)],
    },
    {
      what: 'are disabled, the one of logs to be deleted',
      ofBucket: { ...FIT, KeyState: 'Disabled' },
      ofLogs: { ...FIT, KeyState: 'PendingDeletion' },
      found: [
        problem(`${OF_BUCKET} is disabled.`, 1),
        problem(`${OF_LOGS} is disabled, and is to be deleted.`, 2),
      ],
    },
    {
      what: "have one of logs that is AWS's own",
      ofBucket: FIT,
      ofLogs: { ...FIT, KeyManager: 'AWS' },
      found: [problem(`${OF_LOGS} is of a kind that CloudWatch Logs does not use (${KIND}, AWS's own).`, 0)],
    },
  ])('are told by $found.length findings if they $what', async ({ ofBucket, ofLogs, found }) => {
    account.keys.set(OF_BUCKET, ofBucket);
    account.keys.set(OF_LOGS, ofLogs);
    expect(await find()).toEqual(found);
  });

  it('are told if one is absent', async () => {
    account.keys.delete(OF_BUCKET);
    expect(await find()).toEqual([problem(`The key ${OF_BUCKET}.`, 0)]);
  });

  it('are told as unchecked if the caller may not see one, as its policy may deny it to whoever deploys', async () => {
    account.keys.set(OF_LOGS, null);
    expect(await find()).toMatchObject([{ severity: 'unchecked' }]);
  });

  it('are not looked at in the local cloud, which has no keys of others', async () => {
    account.keys.clear();
    expect(await findingsOf(broughtKeysLook, { existing: { keyArn: OF_BUCKET } })).toEqual([]);
  });

  describe('of a deployed stack', () => {
    const brought = defineConfig({ bucket: deployed.bucket, existing: { keyArn: OF_BUCKET } });
    const findKey = async () => {
      const found = await deployed.look(keyLook, brought, { isLocal: false });
      return found.map(({ code, detail }) => ({ code, detail }));
    };

    it('are not told if they are fit', async () => {
      expect(await findKey()).toEqual([]);
    });

    it('are told if they are absent', async () => {
      account.keys.delete(OF_BUCKET);
      expect(await findKey()).toEqual([
        { code: 'SLUICE_FINDING_RESOURCE_MISSING', detail: `The key ${OF_BUCKET}.` },
      ]);
    });
  });
});
