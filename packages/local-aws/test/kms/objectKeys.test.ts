import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Accounts, startAccounts } from '../../src/testing/startAccounts.ts';
import { failureOf } from '../../src/testing/startS3.ts';

const THEIRS = '111122223333';
const Bucket = 'acme-drops';
/** The policy that KMS gives a key: its account decides. */
const KEY_POLICY = JSON.stringify({
  Statement: [{ Effect: 'Allow', Principal: { AWS: THEIRS }, Action: 'kms:*', Resource: '*' }],
});

describe('a key that encrypts an object', () => {
  let accounts: Accounts;
  beforeEach(async () => {
    accounts = await startAccounts();
    await clientIn('us-east-1').send(new CreateBucketCommand({ Bucket }));
  });
  afterEach(() => accounts.close());

  const NOT_FOUND = { name: 'KMS.NotFoundException', status: 400 };
  const clientIn = (region: string) => {
    const credentials = { accessKeyId: THEIRS, secretAccessKey: 'test' };
    return accounts.kept(new S3Client({ ...accounts.options, region, credentials }));
  };
  /** ARN of a key or an alias of the customer. */
  const arn = (id: string, region = 'us-east-1') => `arn:aws:kms:${region}:${THEIRS}:${id}`;
  const missing = arn('key/1234abcd-12ab-34cd-56ef-1234567890ab');
  /** Puts an object by the customer. */
  const put = (SSEKMSKeyId: string, Key = 'k', s3 = clientIn('us-east-1'), bucket = Bucket) =>
    s3.send(
      new PutObjectCommand({ Bucket: bucket, Key, Body: 'x', ServerSideEncryption: 'aws:kms', SSEKMSKeyId }),
    );
  const get = (Key: string) => clientIn('us-east-1').send(new GetObjectCommand({ Bucket, Key }));

  it('may be any of its region while its account has no key here, which may have it on AWS', async () => {
    await put(missing);
    expect(await failureOf(put(arn('key/x', 'eu-west-1')))).toEqual({
      ...NOT_FOUND,
      message: 'Invalid arn eu-west-1',
    });
  });

  it('may be named by ARN or ID', async () => {
    const made = accounts.keys.create(THEIRS, '', KEY_POLICY);
    for (const id of [made.arn, made.id]) await put(id);
  });

  it.each([
    { id: missing, message: `Key '${missing}' does not exist` },
    { id: '1234abcd', message: `Key '${arn('key/1234abcd')}' does not exist` },
    { id: 'alias/foo', message: `Alias ${arn('alias/foo')} is not found.` },
  ])('must exist once its account has one: $id', async ({ id, message }) => {
    accounts.keys.create(THEIRS, '', KEY_POLICY);
    expect(await failureOf(put(id))).toEqual({ ...NOT_FOUND, message });
  });

  it('need not exist to read what was written before its account had one', async () => {
    await put(missing, 'before');
    accounts.keys.create(THEIRS, '', KEY_POLICY);
    await get('before');
  });

  it('may be the one that S3 has in every account, in the region of the bucket, and no other of AWS', async () => {
    for (const id of ['alias/aws/s3', arn('alias/aws/s3')]) {
      await put(id, 'aws');
      await get('aws');
    }
    expect(await failureOf(put('alias/aws/ebs'))).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('kms:GenerateDataKey'),
    });
    expect(await failureOf(put(arn('alias/aws/s3', 'eu-west-1')))).toMatchObject(NOT_FOUND);
    const ofOthers = 'arn:aws:kms:us-east-1:444455556666:alias/aws/s3';
    expect(await failureOf(put(ofOthers))).toMatchObject({ name: 'AccessDenied' });
  });

  it('must be in the region of the bucket', async () => {
    const inEurope = clientIn('eu-west-1');
    const CreateBucketConfiguration = { LocationConstraint: 'eu-west-1' as const };
    await inEurope.send(new CreateBucketCommand({ Bucket: 'acme-eu', CreateBucketConfiguration }));
    const key = accounts.keys.create(THEIRS, '', KEY_POLICY, 'eu-west-1');
    await put(key.arn, 'k', inEurope, 'acme-eu');
    expect(await failureOf(put(key.arn))).toMatchObject(NOT_FOUND);
  });

  it('can be named by an alias of the template', async () => {
    const { options, kept, keys, store } = accounts;
    store.createBucket('app-own');
    keys.ensure('11111111-2222-3333-4444-555555555555', {
      KeyPolicy: { Version: '2012-10-17', Statement: [] },
    });
    keys.ensureAlias({ AliasName: 'alias/app', TargetKeyId: '11111111-2222-3333-4444-555555555555' });
    const s3 = kept(new S3Client(options));
    const put = (SSEKMSKeyId: string) =>
      s3.send(
        new PutObjectCommand({
          Bucket: 'app-own',
          Key: 'k',
          Body: 'x',
          ServerSideEncryption: 'aws:kms',
          SSEKMSKeyId,
        }),
      );
    await put('alias/app');
    expect(await failureOf(put('alias/other'))).toMatchObject({ name: 'KMS.NotFoundException' });
  });

  it('of the template is refused even to the root where its policy denies it', async () => {
    const { options, kept, keys, store } = accounts;
    store.createBucket('app-denied');
    const id = '22222222-2222-3333-4444-555555555555';
    const deny = { Effect: 'Deny', Principal: '*', Action: 'kms:GenerateDataKey', Resource: '*' };
    keys.ensure(id, { KeyPolicy: { Version: '2012-10-17', Statement: [deny] } });
    const refused = new PutObjectCommand({
      Bucket: 'app-denied',
      Key: 'k',
      Body: 'x',
      ServerSideEncryption: 'aws:kms',
      SSEKMSKeyId: id,
    });
    expect(await failureOf(kept(new S3Client(options)).send(refused))).toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('with an explicit deny in a resource-based policy'),
    });
  });
});
