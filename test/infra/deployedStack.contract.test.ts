import { PutBucketEncryptionCommand } from '@aws-sdk/client-s3';
import { afterAll, expect, it } from '@jest/globals';
import { readDefaultEncryption, readDeployedStack } from '../../infra/serverless/deployedStack.ts';
import { cloudFormationService } from '../../packages/local-aws/src/cloudformation/index.ts';
import { startAws } from '../harness/startAws.ts';

const stack = () => ({
  name: 'sluice-prod',
  region: 'us-east-1',
  account: '000000000000',
  partition: 'aws',
  createdMs: 0,
  resources: [
    { type: 'AWS::IAM::Role', logicalId: 'WriteRole', physicalId: 'sluice-prod-WriteRole-1' },
    { type: 'AWS::S3::Bucket', logicalId: 'DataBucket', physicalId: 'acme' },
  ],
  outputs: { DataBucketName: 'acme', SluiceConfiguration: '{}' },
});
const aws = await startAws({ more: [cloudFormationService({ stack })] });
afterAll(() => aws.close());

it('a stack is read with its outputs and the names of its resources', async () => {
  expect(await readDeployedStack(aws.options, 'sluice-prod')).toEqual({
    stackName: 'sluice-prod',
    partition: 'aws',
    account: '000000000000',
    outputs: new Map(Object.entries(stack().outputs)),
    resources: new Map([
      ['WriteRole', 'sluice-prod-WriteRole-1'],
      ['DataBucket', 'acme'],
    ]),
  });
});

it('a stack that is not deployed is none', async () => {
  expect(await readDeployedStack(aws.options, 'sluice-dev')).toBeUndefined();
});

it('a stack that may not be read is an error', async () => {
  const credentials = { accessKeyId: 'nobody', secretAccessKey: 'x' };
  await expect(readDeployedStack({ ...aws.options, credentials }, 'sluice-prod')).rejects.toThrow();
});

it('the encryption of a bucket is that of its first rule', async () => {
  aws.store.createBucket('acme');
  const KMSMasterKeyID = 'arn:aws:kms:us-east-1:000000000000:key/1';
  await aws.s3.send(
    new PutBucketEncryptionCommand({
      Bucket: 'acme',
      ServerSideEncryptionConfiguration: {
        Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID } }],
      },
    }),
  );
  expect(await readDefaultEncryption(aws.options, 'acme')).toEqual({
    SSEAlgorithm: 'aws:kms',
    KMSMasterKeyID,
  });
});

it('the encryption of a bucket that does not exist is an error', async () => {
  await expect(readDefaultEncryption(aws.options, 'none')).rejects.toMatchObject({ name: 'NoSuchBucket' });
});
