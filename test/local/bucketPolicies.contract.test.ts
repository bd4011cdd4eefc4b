import {
  CopyObjectCommand,
  DeleteBucketPolicyCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  PutBucketPolicyCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import {
  exportTargetPolicies,
  ingestSourcePolicies,
} from '../../lib/access/buckets/customerBucketPolicies.ts';
import { failureOf } from '../../packages/local-aws/src/testing/startS3.ts';
import { OURS, startTwoAccounts, THEIRS, type TwoAccounts } from './startTwoAccounts.ts';

const Bucket = 'acme-drops';
const [BUCKET, OBJECTS] = [`arn:aws:s3:::${Bucket}`, `arn:aws:s3:::${Bucket}/*`];
const place = { partition: 'aws', region: 'us-east-1', bucket: Bucket };

const malformed = (message: string) => ({ name: 'MalformedPolicy', status: 400, message });
const NO_RESOURCE = malformed('Action does not apply to any resource(s) in statement');
const NO_ACTION = malformed('Policy has invalid action');
const NO_PRINCIPAL = malformed('Invalid principal in policy');

describe('PutBucketPolicy', () => {
  let accounts: TwoAccounts;
  let ours: S3Client;
  let theirs: S3Client;

  beforeAll(async () => {
    accounts = await startTwoAccounts(Bucket, 'k');
    ({ ours, theirs } = accounts);
  });
  afterAll(() => accounts.close());
  beforeEach(() => theirs.send(new DeleteBucketPolicyCommand({ Bucket })));

  const put = (Policy: string) => theirs.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const putStatement = (more: object) =>
    put(
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { AWS: OURS }, Action: 's3:GetObject', Resource: OBJECTS, ...more },
        ],
      }),
    );
  const read = () => ours.send(new GetObjectCommand({ Bucket, Key: 'k' }));

  it.each([
    [{ Resource: '*' }, malformed('Policy has invalid resource')],
    [{ Resource: [] }, malformed('Missing required field Resource')],
    [{ Action: 's3:ListBucket' }, NO_RESOURCE],
    [{ Resource: BUCKET }, NO_RESOURCE],
    [{ Action: ['s3:GetObject', 's3:ListBucketMultipartUploads'] }, NO_RESOURCE],
    [{ Action: 's3:GetObjct' }, NO_ACTION],
    [{ Action: 'GetObject' }, NO_ACTION],
    [{ Action: 'sqs:SendMessage' }, NO_ACTION],
    [{ Action: 's3:ListAllMyBuckets' }, NO_ACTION],
    [{ Action: [] }, malformed('Missing required field Action')],
    [{ Principal: { AWS: 'acme' } }, NO_PRINCIPAL],
    [{ Principal: { AWS: [] } }, NO_PRINCIPAL],
    [{ Principal: { AWS: 'arn:aws:iam::nope:root' } }, NO_PRINCIPAL],
    [{ Principal: { AWS: `arn:aws:iam::${OURS}:role/*` } }, NO_PRINCIPAL],
    [{ Principal: { AWS: `arn:aws:iam::${OURS}:group/x` } }, NO_PRINCIPAL],
    [
      { Condition: { NullIfExists: { 'aws:PrincipalArn': 'true' } } },
      malformed('Invalid Condition type : NullIfExists'),
    ],
    [
      { Principal: { AWS: `arn:aws:sts::${OURS}:assumed-role/x/y` } },
      { name: 'NotImplemented', status: 501, message: expect.stringContaining('assumed-role/x/y') },
    ],
  ])('rejects %j', async (more, failure) => {
    expect(await failureOf(putStatement(more))).toEqual(failure);
  });

  it('rejects a policy without statements', async () => {
    expect(await failureOf(put('{"Version":"2012-10-17","Statement":[]}'))).toEqual(
      malformed('Could not parse the policy: Statement is empty!'),
    );
  });

  it.each([
    { Action: 's3:*' },
    { Action: '*', Resource: BUCKET },
    { Action: ['s3:Get*', 's3:List*'], Resource: [BUCKET, OBJECTS] },
    // Some resource of the statement is enough for each action.
    { Action: ['s3:ListBucket'], Resource: [BUCKET, OBJECTS] },
    { NotAction: 's3:DeleteObject', Action: undefined },
    { Principal: { AWS: `arn:aws:iam::${OURS}:role/team/x+y`, Service: 'logging.s3.amazonaws.com' } },
    { Principal: { AWS: 'arn:aws:iam::999689269917:user/statsig' } },
  ])('accepts %j', async (more) => {
    await putStatement(more);
  });

  it('accepts the policies that Sluice prints', async () => {
    for (const policies of [ingestSourcePolicies, exportTargetPolicies]) {
      const { bucketPolicy } = policies({ ...place, principal: `arn:aws:iam::${OURS}:role/export` });
      await put(JSON.stringify(bucketPolicy));
    }
  });

  it.each(['constructor', 'toString', 'hasOwnProperty'])(
    'rejects the condition operator %s immediately, not at the first read',
    async (operator) => {
      const failure = await failureOf(
        putStatement({ Condition: { [operator]: { 'aws:PrincipalAccount': OURS } } }),
      );
      expect(failure).toMatchObject({ name: 'NotImplemented', message: expect.stringContaining(operator) });
    },
  );

  it('rejects a condition named __proto__ and does not lose it silently', async () => {
    const condition = (members: string) =>
      put(
        `{"Statement":{"Effect":"Allow","Principal":{"AWS":"${OURS}"},"Action":"s3:GetObject","Resource":"${OBJECTS}","Condition":${members}}}`,
      );
    for (const members of [
      '{"__proto__":{"aws:PrincipalAccount":"999999999999"}}',
      '{"StringEquals":{"__proto__":"999999999999"}}',
    ])
      expect(await failureOf(condition(members))).toMatchObject({ name: 'MalformedPolicy', status: 400 });
    expect(await failureOf(theirs.send(new GetBucketPolicyCommand({ Bucket })))).toMatchObject({
      name: 'NoSuchBucketPolicy',
    });
    expect(await failureOf(read())).toMatchObject({ name: 'AccessDenied' });
  });

  it('requires statements with unique IDs or none', async () => {
    const put = (...ids: (string | undefined)[]) =>
      theirs.send(
        new PutBucketPolicyCommand({
          Bucket,
          Policy: JSON.stringify({
            Statement: ids.map((Sid) => ({
              Sid,
              Effect: 'Allow',
              Principal: { AWS: OURS },
              Action: 's3:GetObject',
              Resource: OBJECTS,
            })),
          }),
        }),
      );
    expect(await failureOf(put('One', undefined, 'One'))).toEqual(
      malformed('Statement IDs (SID) in a single policy must be unique.'),
    );
    await put('One', undefined, 'Two', undefined);
  });

  it('checks the owner of a copy source in any spelling, and rejects an invalid one', async () => {
    await putStatement({});
    const copy = (CopySource: string, ExpectedSourceBucketOwner?: string) =>
      ours.send(
        new CopyObjectCommand({ Bucket: 'sluice-own', Key: 'c', CopySource, ExpectedSourceBucketOwner }),
      );
    for (const source of [`${Bucket}/k`, `/${Bucket}/k`, `${Bucket}%2Fk`, `%2F${Bucket}/k`]) {
      expect(await failureOf(copy(source, OURS))).toMatchObject({ name: 'AccessDenied', status: 403 });
      await copy(source, THEIRS);
    }
    for (const source of [`${Bucket}/%zz`, Bucket, `${Bucket}/`])
      expect(await failureOf(copy(source))).toMatchObject({ name: 'InvalidArgument', status: 400 });
  });
});
