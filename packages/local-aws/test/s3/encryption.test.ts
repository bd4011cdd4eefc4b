import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetBucketEncryptionCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type ServerSideEncryptionByDefault,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/index.ts';
import { keyAccess } from '../../src/kms/index.ts';
import { Keys } from '../../src/kms/Keys.ts';
import { s3Service } from '../../src/s3/index.ts';
import { ObjectStore } from '../../src/s3/model/ObjectStore.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { temporaryDirectory } from '../../src/testing/temporaryDirectory.ts';
import { signedRequest } from '../edge/signedRequest.ts';

const Bucket = 'encrypted';
const account = '000000000000';
const HEADER = 'x-amz-server-side-encryption';
const KEY_HEADER = `${HEADER}-aws-kms-key-id`;

describe('the encryption of objects', () => {
  const directory = temporaryDirectory();
  const store = ObjectStore.open({ directory: directory.path, clock: realClock });
  const keys = new Keys({ clock: realClock, partition: 'aws', region: 'us-east-1', account });
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'kms:*', Resource: '*' },
    ],
  };
  const key = keys.create(account, 'of a test', JSON.stringify(policy));
  const far = keys.create(account, 'elsewhere', JSON.stringify(policy), 'eu-west-1');
  let services: Awaited<ReturnType<typeof startServices>>;
  let client: S3Client;
  const put = (more: Partial<PutObjectCommandInput>) =>
    client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x', ...more }));
  const raw = async (headers: Record<string, string>) => {
    const { status, body } = await signedRequest({
      url: services.options.endpoint,
      method: 'PUT',
      path: `/${Bucket}/raw`,
      body: 'x',
      headers,
    });
    const [, code] = /<Code>(.*?)<\/Code>/.exec(body) ?? [];
    const [, message] = /<Message>(.*?)<\/Message>/.exec(body) ?? [];
    return { status, code, message };
  };
  const byDefault = (rule: ServerSideEncryptionByDefault, BucketKeyEnabled?: boolean) =>
    client.send(
      new PutBucketEncryptionCommand({
        Bucket,
        ServerSideEncryptionConfiguration: {
          Rules: [{ ApplyServerSideEncryptionByDefault: rule, BucketKeyEnabled }],
        },
      }),
    );

  beforeAll(async () => {
    services = await startServices([s3Service({ store, keyAccess: keyAccess(keys) })]);
    client = new S3Client(services.options);
    store.createBucket(Bucket);
  });
  afterAll(async () => {
    client.destroy();
    await services.close();
    store.close();
    directory.remove();
  });

  it('is AES256 where nobody says otherwise', async () => {
    expect(await put({})).toMatchObject({ ServerSideEncryption: 'AES256' });
  });

  it("names a key by its ARN, which the object's writer names by its ID", async () => {
    const encryption = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key.arn };
    const asked = { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: key.id };
    expect(await put(asked)).toMatchObject(encryption);
    const at = { Bucket, Key: 'k' };
    expect(await client.send(new GetObjectCommand(at))).toMatchObject(encryption);
    expect(await client.send(new HeadObjectCommand(at))).toMatchObject(encryption);
    const CopySource = `${Bucket}/k`;
    expect(await client.send(new CopyObjectCommand({ ...at, CopySource, ...asked }))).toMatchObject(
      encryption,
    );
    const upload = await client.send(new CreateMultipartUploadCommand({ ...at, ...asked }));
    expect(upload).toMatchObject(encryption);
    const uploadInput = { ...at, UploadId: upload.UploadId };
    const part = await client.send(new UploadPartCommand({ ...uploadInput, PartNumber: 1, Body: 'x' }));
    expect(part).toMatchObject(encryption);
    const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: part.ETag }] };
    expect(
      await client.send(new CompleteMultipartUploadCommand({ ...uploadInput, MultipartUpload })),
    ).toMatchObject(encryption);
  });

  it("takes the bucket's key, which is returned as it was put", async () => {
    await byDefault({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key.id }, false);
    const read = await client.send(new GetBucketEncryptionCommand({ Bucket }));
    expect(read.ServerSideEncryptionConfiguration?.Rules).toMatchObject([
      { ApplyServerSideEncryptionByDefault: { KMSMasterKeyID: key.id }, BucketKeyEnabled: false },
    ]);
    expect(await put({})).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: key.arn });
    expect((await put({})).BucketKeyEnabled).toBeUndefined();
    expect((await put({ BucketKeyEnabled: true })).BucketKeyEnabled).toBe(true);
    await byDefault({ SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key.id }, true);
    expect((await put({})).BucketKeyEnabled).toBe(true);
    expect((await put({ BucketKeyEnabled: false })).BucketKeyEnabled).toBeUndefined();
    await byDefault({ SSEAlgorithm: 'AES256' });
    expect(await failureOf(put({ BucketKeyEnabled: true }))).toMatchObject({ name: 'NotImplemented' });
  });

  const NEEDED = `Server Side Encryption with AWS KMS managed key requires HTTP header ${HEADER} : aws:kms`;
  it.each([
    {
      what: 'a key alone',
      headers: { [KEY_HEADER]: key.id },
      refusal: { status: 400, code: 'InvalidArgument', message: NEEDED },
    },
    {
      what: 'a key of AES256',
      headers: { [KEY_HEADER]: key.id, [HEADER]: 'AES256' },
      refusal: { status: 400, code: 'InvalidArgument', message: NEEDED },
    },
    {
      what: 'AES512',
      headers: { [HEADER]: 'AES512' },
      refusal: {
        status: 400,
        code: 'InvalidArgument',
        message: 'The encryption method specified is not supported',
      },
    },
    {
      what: 'two layers',
      headers: { [HEADER]: 'aws:kms:dsse' },
      refusal: {
        status: 501,
        code: 'NotImplemented',
        message: `S3 PutObject with ${HEADER}: aws:kms:dsse is not emulated by the local cloud.`,
      },
    },
    {
      what: 'a bucket key that may be',
      headers: { [`${HEADER}-bucket-key-enabled`]: 'maybe' },
      refusal: {
        status: 400,
        code: 'InvalidArgument',
        message: `${HEADER}-bucket-key-enabled must be true or false.`,
      },
    },
  ])('is refused with the headers of $what', async ({ headers, refusal }) => {
    expect(await raw(headers)).toEqual(refusal);
  });

  it.each([
    {
      what: 'ID',
      SSEKMSKeyId: far.id,
      message: `Key 'arn:aws:kms:us-east-1:${account}:key/${far.id}' does not exist`,
    },
    { what: 'ARN', SSEKMSKeyId: far.arn, message: 'Invalid arn eu-west-1' },
  ])('is refused with the $what of a key of another region', async ({ SSEKMSKeyId, message }) => {
    expect(await failureOf(put({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId }))).toMatchObject({
      name: 'KMS.NotFoundException',
      message,
    });
  });

  it('of a bucket is refused by name where it is not emulated', async () => {
    expect(
      await failureOf(byDefault({ SSEAlgorithm: 'aws:kms:dsse', KMSMasterKeyID: key.arn })),
    ).toMatchObject({ name: 'NotImplemented', message: expect.stringContaining('aws:kms:dsse') });
  });

  it('of a bucket is refused with a key that its algorithm has not', async () => {
    expect(await failureOf(byDefault({ SSEAlgorithm: 'AES256', KMSMasterKeyID: key.arn }))).toMatchObject({
      name: 'InvalidArgument',
      message:
        'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
    });
  });
});
