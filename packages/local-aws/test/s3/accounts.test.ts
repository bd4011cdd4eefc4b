import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  type CopyObjectCommandInput,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';

const OURS = '000000000000';
const THEIRS = '111122223333';
const Bucket = 'acme-exports';
const KEY = 'events/2026-11-20/a.parquet';
const VARIABLE = ['$', '{aws:username}'].join('');
const denied = { name: 'AccessDenied', status: 403 };

let s3: RunningS3;
/** Signs for the first account. */
let ours: S3Client;
/** Signs for the account of {@link Bucket}. */
let theirs: S3Client;
const clientOf = (account: string) =>
  s3.makeClient({ credentials: { accessKeyId: account, secretAccessKey: 'test' } });
beforeAll(async () => {
  s3 = await startS3();
  ours = s3.client;
  theirs = clientOf(THEIRS);
  await ours.send(new CreateBucketCommand({ Bucket: 'sluice-own' }));
  await theirs.send(new CreateBucketCommand({ Bucket }));
});
afterAll(async () => {
  await s3.close();
  expect(s3.defects).toEqual([]);
});

describe('buckets of two accounts', () => {
  beforeEach(async () => {
    await theirs.send(new DeleteBucketPolicyCommand({ Bucket }));
    await theirs.send(new PutObjectCommand({ Bucket, Key: KEY, Body: 'PAR1' }));
  });

  const allow = (policy: object) =>
    theirs.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify(policy) }));
  const statement = (more: object) => ({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: OURS },
        Action: 's3:*',
        Resource: [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`],
        ...more,
      },
    ],
  });
  const read = (more = {}) => ours.send(new GetObjectCommand({ Bucket, Key: KEY, ...more }));
  const list = (more = {}) => ours.send(new ListObjectsV2Command({ Bucket, ...more }));
  const write = (Key = 'x') => ours.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));

  it('are listed for their own account, and have unique names', async () => {
    const names = async (client: S3Client) =>
      (await client.send(new ListBucketsCommand({}))).Buckets?.map(({ Name }) => Name);
    expect(await names(ours)).toEqual(['sluice-own']);
    expect(await names(theirs)).toEqual([Bucket]);
    expect(await failureOf(ours.send(new CreateBucketCommand({ Bucket })))).toMatchObject({
      name: 'BucketAlreadyExists',
      status: 409,
    });
  });

  it('deny access from another account without a policy', async () => {
    for (const call of [read, list, write]) expect(await failureOf(call())).toMatchObject(denied);
    expect(await failureOf(theirs.send(new ListObjectsV2Command({ Bucket: 'sluice-own' })))).toMatchObject(
      denied,
    );
  });

  it('allow what the policy does, to no other account, and refuse the rest', async () => {
    await allow(statement({ Action: ['s3:GetObject', 's3:ListBucket'] }));
    expect(await (await read({ ExpectedBucketOwner: THEIRS })).Body?.transformToString()).toBe('PAR1');
    expect((await list({ ExpectedBucketOwner: THEIRS, Prefix: KEY })).KeyCount).toBe(1);
    expect(await failureOf(write())).toMatchObject({ ...denied, message: 'Access Denied' });
    const Delete = { Objects: [{ Key: KEY }] };
    const { Errors } = await ours.send(new DeleteObjectsCommand({ Bucket, Delete }));
    expect(Errors).toMatchObject([{ Code: 'AccessDenied', Key: KEY }]);
    const third = clientOf('444455556666');
    expect(await failureOf(third.send(new ListObjectsV2Command({ Bucket })))).toMatchObject(denied);
  });

  it('answer AccessDenied, not NoSuchKey, to a caller that cannot list', async () => {
    await allow(statement({ Action: 's3:GetObject' }));
    await read();
    expect(await failureOf(read({ Key: 'absent' }))).toMatchObject(denied);
    const head = ours.send(new HeadObjectCommand({ Bucket, Key: 'absent' }));
    expect(await failureOf(head)).toMatchObject({ status: 403 });
    await allow(statement({}));
    expect(await failureOf(read({ Key: 'absent' }))).toMatchObject({ name: 'NoSuchKey' });
  });

  it('allow a copy that both buckets allow', async () => {
    const copy = () =>
      ours.send(
        new CopyObjectCommand({
          Bucket: 'sluice-own',
          Key: 'copy',
          CopySource: `${Bucket}/${KEY}`,
          ExpectedSourceBucketOwner: THEIRS,
        }),
      );
    expect(await failureOf(copy())).toMatchObject(denied);
    await allow(statement({ Action: 's3:GetObject' }));
    expect((await copy()).CopyObjectResult?.ETag).toBeDefined();
  });

  it('demand of a copy what they demand of a put: the ACL, and to read what its condition is about', async () => {
    const copy = (more: Partial<CopyObjectCommandInput>) =>
      ours.send(new CopyObjectCommand({ Bucket, Key: KEY, CopySource: `sluice-own/own`, ...more }));
    const put = { Action: 's3:PutObject' };
    await ours.send(new PutObjectCommand({ Bucket: 'sluice-own', Key: 'own', Body: 'x' }));
    await allow(statement(put));
    const withAcl = { ACL: 'bucket-owner-full-control' } as const;
    const ifMatch = { IfMatch: '"1"' };
    expect(await failureOf(copy(withAcl))).toMatchObject(denied);
    expect(await failureOf(copy(ifMatch))).toMatchObject(denied);
    await allow(statement({ Action: ['s3:PutObject', 's3:PutObjectAcl', 's3:GetObject'] }));
    expect(await failureOf(copy(ifMatch))).toMatchObject({ name: 'PreconditionFailed' });
    expect((await copy(withAcl)).CopyObjectResult?.ETag).toBeDefined();
  });

  it('demand an encryption of an object, whose parts have that of their upload', async () => {
    const header = 's3:x-amz-server-side-encryption';
    const [all] = statement({}).Statement;
    const deny = { ...all, Effect: 'Deny', Principal: '*', Action: 's3:PutObject' };
    await allow({
      Statement: [
        all,
        { ...deny, Condition: { Null: { [header]: true } } },
        { ...deny, Condition: { StringNotEquals: { [header]: 'AES256' } } },
      ],
    });
    const at = { Bucket, Key: 'x' };
    const kms = { ServerSideEncryption: 'aws:kms' } as const;
    for (const more of [{}, kms]) {
      expect(await failureOf(ours.send(new PutObjectCommand({ ...at, Body: '', ...more })))).toMatchObject(
        denied,
      );
      expect(await failureOf(ours.send(new CreateMultipartUploadCommand({ ...at, ...more })))).toMatchObject(
        denied,
      );
    }
    const aes = { ...at, ServerSideEncryption: 'AES256' } as const;
    const { UploadId } = await ours.send(new CreateMultipartUploadCommand(aes));
    const { ETag } = await ours.send(new UploadPartCommand({ ...at, UploadId, PartNumber: 1, Body: 'x' }));
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
    await ours.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload }));
    expect(await ours.send(new HeadObjectCommand(at))).toMatchObject({ ServerSideEncryption: 'AES256' });
  });

  it('apply conditions on prefix, TLS and principal, and let a denial override what is allowed', async () => {
    await allow(statement({ Condition: { StringLike: { 's3:prefix': ['events/*'] } } }));
    expect((await list({ Prefix: 'events/2026-11-20/' })).KeyCount).toBe(1);
    for (const more of [{}, { Prefix: 'metrics/' }])
      expect(await failureOf(list(more))).toMatchObject(denied);
    await allow({
      Statement: [
        ...statement({}).Statement,
        { ...statement({}).Statement[0], Effect: 'Deny', Principal: '*', Action: ['s3:Put*'] },
        {
          ...statement({}).Statement[0],
          Effect: 'Deny',
          Principal: '*',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        },
      ],
    });
    await read();
    expect(await failureOf(write())).toMatchObject({
      ...denied,
      message: 'Access Denied',
    });
    // The owner is denied too, and can always take the policy away.
    const own = theirs.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x' }));
    expect(await failureOf(own)).toMatchObject({
      ...denied,
      message: expect.stringContaining('explicit deny'),
    });
  });

  it('accept a policy only from the owner', async () => {
    const Policy = JSON.stringify(statement({}));
    await allow(statement({}));
    expect((await theirs.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
    const notAllowed = { name: 'MethodNotAllowed', status: 405 };
    const put = await failureOf(ours.send(new PutBucketPolicyCommand({ Bucket, Policy })));
    expect(put).toMatchObject(notAllowed);
    const got = await failureOf(ours.send(new GetBucketPolicyCommand({ Bucket })));
    expect(got).toMatchObject(notAllowed);
  });

  const malformed = (message: unknown) => ({ name: 'MalformedPolicy', status: 400, message });
  const notEvaluated = (name: string) => ({
    name: 'NotImplemented',
    status: 501,
    message: expect.stringContaining(name),
  });
  it.each([
    {
      what: 'for everybody',
      more: { Principal: '*' },
      failure: { ...denied, message: expect.stringContaining('BlockPublicPolicy') },
    },
    {
      what: 'for another bucket',
      more: { Resource: 'arn:aws:s3:::another/*' },
      failure: malformed('Policy has invalid resource'),
    },
    {
      what: 'with another effect',
      more: { Effect: 'Maybe' },
      failure: malformed(expect.stringContaining('Effect')),
    },
    {
      what: 'with an action that is not one on objects',
      more: { Action: 's3:ListBucket', Resource: `arn:aws:s3:::${Bucket}/*` },
      failure: malformed('Action does not apply to any resource(s) in statement'),
    },
    {
      what: 'with an action that S3 lacks',
      more: { Action: 's3:GetObjct' },
      failure: malformed('Policy has invalid action'),
    },
    {
      what: 'with a principal that is none',
      more: { Principal: { AWS: 'acme' } },
      failure: malformed('Invalid principal in policy'),
    },
    {
      what: 'without a principal',
      more: { Principal: undefined },
      failure: malformed(expect.stringContaining('Principal')),
    },
    {
      what: 'with NotPrincipal',
      more: { Principal: undefined, NotPrincipal: { AWS: OURS } },
      failure: notEvaluated('NotPrincipal'),
    },
    {
      what: 'with a canonical user',
      more: { Principal: { CanonicalUser: 'x' } },
      failure: notEvaluated('CanonicalUser'),
    },
    {
      what: 'with an operator that is not evaluated',
      more: { Condition: { NumericLessThan: { 's3:max-keys': '10' } } },
      failure: notEvaluated('NumericLessThan'),
    },
    {
      what: 'with a key that is not evaluated',
      more: { Condition: { StringEquals: { 'aws:RequestedRegion': 'us-east-1' } } },
      failure: notEvaluated('aws:RequestedRegion'),
    },
    {
      what: 'with a variable',
      more: { Condition: { StringLike: { 's3:prefix': `${VARIABLE}/*` } } },
      failure: notEvaluated(VARIABLE),
    },
  ])('refuse a policy $what, and keep the one that they have', async ({ more, failure }) => {
    const Policy = JSON.stringify(statement({}));
    await allow(statement({}));
    expect(await failureOf(allow(statement(more)))).toEqual(failure);
    expect((await theirs.send(new GetBucketPolicyCommand({ Bucket }))).Policy).toBe(Policy);
  });

  it.each([
    { StringEquals: { 'aws:PrincipalAccount': OURS } },
    { 'ForAnyValue:ArnLike': { 'aws:PrincipalArn': `arn:aws:iam::${OURS}:role/a` } },
    { StringNotEquals: { 's3:prefix': 'a' }, StringLike: { 'aws:SourceAccount': [OURS, '999999999999'] } },
  ])('accept a policy for everybody that fixes who calls: %j', async (Condition) => {
    await expect(allow(statement({ Principal: '*', Condition }))).resolves.toBeDefined();
  });

  it.each([
    { Null: { 'aws:PrincipalAccount': 'false' } },
    { StringEqualsIfExists: { 'aws:SourceAccount': OURS } },
    { 'ForAllValues:StringEquals': { 'aws:PrincipalOrgID': 'o-1' } },
    { StringNotEquals: { 'aws:PrincipalAccount': OURS } },
    { StringLike: { 'aws:PrincipalAccount': '1*' } },
    { ArnLike: { 'aws:PrincipalArn': [`arn:aws:iam::${OURS}:role/a`, 'arn:aws:iam::?11111111111:role/a'] } },
    { StringEquals: { 's3:prefix': 'a' } },
  ])('refuse a policy for everybody that does not: %j', async (Condition) => {
    const blocked = { ...denied, message: expect.stringContaining('BlockPublicPolicy') };
    expect(await failureOf(allow(statement({ Principal: '*', Condition })))).toEqual(blocked);
  });

  it('check the expected bucket owner', async () => {
    await allow(statement({}));
    for (const ExpectedBucketOwner of [OURS, '999999999999'])
      expect(await failureOf(read({ ExpectedBucketOwner }))).toMatchObject(denied);
    expect(await failureOf(read({ ExpectedBucketOwner: 'acme' }))).toMatchObject({
      name: 'InvalidBucketOwnerAWSAccountID',
      status: 400,
    });
  });
});
