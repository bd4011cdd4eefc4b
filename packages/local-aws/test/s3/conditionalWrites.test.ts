import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';

describe('conditional writes', () => {
  let s3: RunningS3;
  const Bucket = 'ledgers';
  const put = (Key: string, Body: string, condition: { IfNoneMatch?: string; IfMatch?: string } = {}) =>
    s3.client.send(new PutObjectCommand({ Bucket, Key, Body, ...condition }));
  const remove = (Key: string, IfMatch?: string) =>
    s3.client.send(new DeleteObjectCommand({ Bucket, Key, IfMatch }));
  const text = async (key: string) => {
    let body = '';
    for await (const chunk of s3.store.get(Bucket, key).body) body += String(chunk);
    return body;
  };

  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket(Bucket);
  });
  afterEach(() => s3.client.send(new DeleteBucketPolicyCommand({ Bucket })));
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('create an object once: exactly one of many concurrent writes succeeds', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => put('claim', `writer ${i}`, { IfNoneMatch: '*' })),
    );
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        expect(outcome.reason).toMatchObject({
          name: 'PreconditionFailed',
          $metadata: { httpStatusCode: 412 },
        });
      }
    }
    expect(await text('claim')).toBe(`writer ${winner}`);
  });

  it('replace the version that the writer read: one of two writers of the same version succeeds', async () => {
    const { ETag = '' } = await put('state', 'a');
    const outcomes = await Promise.allSettled([
      put('state', 'b', { IfMatch: ETag }),
      put('state', 'c', { IfMatch: ETag }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('return 412 for a version that is replaced already', async () => {
    const { ETag = '' } = await put('replaced', 'a');
    await put('replaced', 'b');
    expect(await failureOf(put('replaced', 'c', { IfMatch: ETag }))).toMatchObject({
      name: 'PreconditionFailed',
      status: 412,
    });
  });

  it('return 404 when the object to match is gone', async () => {
    const { ETag = '' } = await put('deleted', 'a');
    s3.store.delete(Bucket, 'deleted');
    expect(await failureOf(put('deleted', 'b', { IfMatch: ETag }))).toMatchObject({
      name: 'NoSuchKey',
      status: 404,
    });
    expect(await failureOf(remove('deleted', ETag))).toMatchObject({ name: 'NoSuchKey', status: 404 });
  });

  it('return 409 when the object to create is deleted during the upload', async () => {
    await put('race', 'old');
    const bucket = s3.store.bucket(Bucket);
    const write = {
      key: 'race',
      staged: await bucket.stage('new'),
      checksum: undefined,
      attributes: { headers: {}, metadata: {}, encryption: {} },
      before: bucket.find('race'),
      condition: { ifNoneMatch: '*' },
      reason: 'PutObject',
    } as const;
    await remove('race');
    const conflict = { code: 'ConditionalRequestConflict', status: 409 };
    expect(() => bucket.commit(write)).toThrow(expect.objectContaining(conflict));
  });

  it('delete only the version that the caller read', async () => {
    const { ETag = '' } = await put('seen', 'a');
    expect(await failureOf(remove('seen', '"other"'))).toMatchObject({
      name: 'PreconditionFailed',
      status: 412,
    });
    await remove('seen', ETag);
    expect(s3.store.bucket(Bucket).find('seen')).toBeUndefined();
  });

  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-delete-enforce.html
  it('may be all that a policy lets delete, one object or several', async () => {
    const Statement = {
      Effect: 'Deny',
      Principal: '*',
      Action: 's3:DeleteObject',
      Resource: `arn:aws:s3:::${Bucket}/*`,
      Condition: { Null: { 's3:if-match': 'true' } },
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement });
    await s3.client.send(new PutBucketPolicyCommand({ Bucket, Policy }));
    const tags: (string | undefined)[] = [];
    for (const key of ['ruled/1', 'ruled/2', 'ruled/3', 'ruled/4']) tags.push((await put(key, key)).ETag);
    expect(await failureOf(remove('ruled/1'))).toMatchObject({ name: 'AccessDenied' });
    await remove('ruled/1', tags[0]);
    const Objects = [
      { Key: 'ruled/2' },
      { Key: 'ruled/3', ETag: tags[2] },
      { Key: 'ruled/4', ETag: '*' },
      { Key: 'ruled/5', ETag: '*' },
    ];
    const { Deleted, Errors } = await s3.client.send(
      new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
    );
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['ruled/3', 'ruled/4']);
    expect(Errors?.map(({ Key, Code }) => [Key, Code])).toEqual([
      ['ruled/2', 'AccessDenied'],
      ['ruled/5', 'NoSuchKey'],
    ]);
  });

  it('leave no trace of a rejected write', async () => {
    await put('kept', 'first');
    await failureOf(put('kept', 'second', { IfNoneMatch: '*' }));
    expect(await text('kept')).toBe('first');
  });

  it.each([{ IfNoneMatch: '"tag"' }, { IfNoneMatch: '*', IfMatch: '"tag"' }, { IfMatch: '*' }])(
    'reject a condition that S3 does not support, %j',
    async (condition) => {
      const Key = `unsupported ${JSON.stringify(condition)}`;
      await put(Key, 'a');
      expect(await failureOf(put(Key, 'b', condition))).toMatchObject({
        name: 'NotImplemented',
        status: 501,
      });
      expect(await text(Key)).toBe('a');
    },
  );

  it('reject If-Match: * of a copy, by name', async () => {
    await put('any', 'a');
    const copy = { Bucket, Key: 'other', CopySource: `${Bucket}/any`, IfMatch: '*' };
    const message = expect.stringContaining('If-Match: *');
    expect(await failureOf(s3.client.send(new CopyObjectCommand(copy)))).toMatchObject({
      status: 501,
      message,
    });
  });

  it('delete any version with If-Match: *', async () => {
    await put('any', 'a');
    await remove('any', '*');
    expect(s3.store.bucket(Bucket).find('any')).toBeUndefined();
  });

  // As localstack recorded against AWS: test_s3_preconditions.snapshot.json, test_multipart_if_….
  describe('of an upload in parts', () => {
    const Key = 'parts';
    const begin = async () => {
      const { UploadId } = await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const { ETag } = await s3.client.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'part' }),
      );
      return async (condition: { IfNoneMatch?: string; IfMatch?: string | undefined }) => {
        const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
        const complete = new CompleteMultipartUploadCommand({
          Bucket,
          Key,
          UploadId,
          MultipartUpload,
          ...condition,
        });
        return s3.client.send(complete).then(
          () => 'done',
          (error: unknown) => {
            const { name, Condition }: { name?: string; Condition?: string } = Object(error);
            return Condition === undefined ? name : `${name} ${Condition}`;
          },
        );
      };
    };

    it('to create an object conflict with a deletion since the upload began', async () => {
      await put(Key, 'old');
      const complete = await begin();
      expect(await complete({ IfNoneMatch: '*' })).toBe('PreconditionFailed If-None-Match');
      s3.store.delete(Bucket, Key);
      expect(await complete({ IfNoneMatch: '*' })).toBe('ConditionalRequestConflict If-None-Match');
      expect(await (await begin())({ IfNoneMatch: '*' })).toBe('done');
    });

    it('to replace an object conflict with any write since the upload began', async () => {
      const { ETag: before } = await put(Key, 'old');
      const complete = await begin();
      const { ETag: during } = await put(Key, 'new');
      expect(await complete({ IfMatch: before })).toBe('PreconditionFailed If-Match');
      expect(await complete({ IfMatch: during })).toBe('ConditionalRequestConflict If-Match');
      const again = await begin();
      await put(Key, 'new');
      expect(await again({ IfMatch: during })).toBe('ConditionalRequestConflict If-Match');
      s3.store.delete(Bucket, Key);
      expect(await again({ IfMatch: during })).toBe('NoSuchKey');
      await put(Key, 'new');
      expect(await (await begin())({ IfMatch: during })).toBe('done');
    });
  });
});
