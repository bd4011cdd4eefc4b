import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { failureOf, type RunningS3, startS3 } from '../../src/testing/startS3.ts';
import { signedRequest } from '../edge/signedRequest.ts';

describe('a bucket', () => {
  let s3: RunningS3;
  let ireland: S3Client;
  const Bucket = 'in-ireland';
  const configuration = { LocationConstraint: 'eu-west-1' } as const;
  const create = () =>
    ireland.send(new CreateBucketCommand({ Bucket, CreateBucketConfiguration: configuration }));
  beforeAll(async () => {
    s3 = await startS3();
    s3.store.createBucket('acme-events');
    ireland = s3.makeClient({ region: 'eu-west-1' });
    await create();
  });
  afterAll(async () => {
    await s3.close();
    expect(s3.defects).toEqual([]);
  });

  it('is found in its region', async () => {
    expect((await ireland.send(new HeadBucketCommand({ Bucket }))).BucketRegion).toBe('eu-west-1');
    const { LocationConstraint } = await ireland.send(new GetBucketLocationCommand({ Bucket }));
    expect(LocationConstraint).toBe('eu-west-1');
  });

  it('is named with its region to a client of another region', async () => {
    const get = s3.client.send(new GetObjectCommand({ Bucket, Key: 'a' }));
    await expect(get).rejects.toMatchObject({
      name: 'PermanentRedirect',
      Endpoint: `${Bucket}.s3.eu-west-1.amazonaws.com`,
      $response: { statusCode: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } },
    });
  });

  it('has no location constraint in us-east-1', async () => {
    const { LocationConstraint, $metadata } = await s3.client.send(
      new GetBucketLocationCommand({ Bucket: 'acme-events' }),
    );
    expect($metadata.httpStatusCode).toBe(200);
    expect(LocationConstraint).toBeUndefined();
  });

  it('is listed with those of other regions', async () => {
    const { Buckets } = await s3.client.send(new ListBucketsCommand());
    expect(Buckets?.map(({ Name }) => Name)).toEqual(['acme-events', Bucket]);
  });

  it('is created once', async () => {
    expect(await failureOf(create())).toMatchObject({ name: 'BucketAlreadyOwnedByYou', status: 409 });
  });

  it('has a name that S3 allows', async () => {
    const named = s3.client.send(new CreateBucketCommand({ Bucket: 'Bad_Name' }));
    expect(await failureOf(named)).toMatchObject({ name: 'InvalidBucketName' });
  });

  it('must be there to take an object', async () => {
    const put = s3.client.send(new PutObjectCommand({ Bucket: 'nowhere', Key: 'k', Body: 'x' }));
    expect(await failureOf(put)).toMatchObject({ name: 'NoSuchBucket', status: 404 });
  });

  it('is deleted once it is empty', async () => {
    s3.store.createBucket('full');
    await s3.store.put('full', 'a', '1');
    const remove = () => s3.client.send(new DeleteBucketCommand({ Bucket: 'full' }));
    expect(await failureOf(remove())).toMatchObject({ name: 'BucketNotEmpty', status: 409 });
    s3.store.delete('full', 'a');
    await remove();
    const head = s3.client.send(new HeadBucketCommand({ Bucket: 'full' }));
    expect(await failureOf(head)).toMatchObject({ status: 404 });
  });

  // Recorded against AWS by localstack: test_create_bucket_with_invalid_location_constraint.
  it.each([
    { region: 'us-east-1', constraint: 'us-east-1', answer: '<Code>InvalidLocationConstraint</Code>' },
    { region: 'us-east-1', constraint: 'foo', answer: '<Code>InvalidLocationConstraint</Code>' },
    { region: 'us-east-1', constraint: 'foo', answer: '<LocationConstraint>foo</LocationConstraint>' },
    {
      region: 'us-east-1',
      constraint: 'eu-west-1',
      answer: 'The eu-west-1 location constraint is incompatible',
    },
    { region: 'eu-west-1', constraint: 'bar', answer: 'The bar location constraint is incompatible' },
    {
      region: 'eu-west-1',
      constraint: 'us-east-1',
      answer: 'The us-east-1 location constraint is incompatible',
    },
    { region: 'eu-west-1', constraint: undefined, answer: '<Code>IllegalLocationConstraintException</Code>' },
    {
      region: 'eu-west-1',
      constraint: undefined,
      answer: 'The unspecified location constraint is incompatible',
    },
  ])(
    'is not created in $region with the location $constraint, for which S3 says $answer',
    async ({ region, constraint, answer }) => {
      const location =
        constraint === undefined
          ? ''
          : `<CreateBucketConfiguration><LocationConstraint>${constraint}</LocationConstraint></CreateBucketConfiguration>`;
      const { status, body } = await signedRequest({
        url: s3.url,
        method: 'PUT',
        path: '/misplaced',
        region,
        body: location,
      });
      expect(status).toBe(400);
      expect(body).toContain(answer);
      expect(s3.store.hasBucket('misplaced')).toBe(false);
    },
  );
});
