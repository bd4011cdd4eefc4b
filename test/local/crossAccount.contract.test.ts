import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  KMSClient,
  PutKeyPolicyCommand,
} from '@aws-sdk/client-kms';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportTargetPolicies } from '../../lib/access/buckets/customerBucketPolicies.ts';
import { realClock } from '../../packages/local-aws/src/base/index.ts';
import { type AccessKeys, Roles } from '../../packages/local-aws/src/iam/index.ts';
import { Keys } from '../../packages/local-aws/src/kms/index.ts';
import type { ObjectStore } from '../../packages/local-aws/src/s3/index.ts';
import type { ClientOptions } from '../../packages/local-aws/src/testing/index.ts';
import { type Accounts, startAccounts } from '../../packages/local-aws/src/testing/startAccounts.ts';
import { failureOf } from '../../packages/local-aws/src/testing/startS3.ts';

const OURS = '000000000000';
const THEIRS = '111122223333';
const EXPORT_ROLE = `arn:aws:iam::${OURS}:role/export`;
const Bucket = 'acme-exports';
const Key = 'exports/a';
/** An export never reads what it has written: its policies leave this out. */
const READ = { Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${Bucket}/*` };
const denied = { name: 'AccessDenied', status: 403 };

describe('access to another account', () => {
  let store: ObjectStore;
  let roles: Roles;
  let principals: AccessKeys;
  let accounts: Accounts;
  let options: ClientOptions;
  const theirs = { credentials: { accessKeyId: THEIRS, secretAccessKey: 'test' } };

  beforeAll(async () => {
    accounts = await startAccounts();
    ({ store, roles, principals, options } = accounts);
    store.createBucket(Bucket, { account: THEIRS });
    await store.put(Bucket, Key, 'x');
  });
  afterAll(() => accounts.close());

  const kept = <Client extends { destroy(): void }>(client: Client): Client => accounts.kept(client);
  const s3 = (credentials: { accessKeyId: string; secretAccessKey: string }) =>
    kept(new S3Client({ ...options, credentials }));
  const asExport = () => s3(principals.issue(EXPORT_ROLE));
  const deploy = (...policies: unknown[]) =>
    roles.deploy([{ arn: EXPORT_ROLE, account: OURS, trust: undefined, policies }]);
  const setPolicy = (policy: unknown) => {
    store.bucket(Bucket).settings = { policy: JSON.stringify(policy) };
  };
  const policies = (principal: string, keyArn?: string) =>
    exportTargetPolicies({ partition: 'aws', region: 'us-east-1', bucket: Bucket, principal, keyArn });

  it('by a deployed role needs permission from both accounts', async () => {
    const { bucketPolicy, callerPolicy } = policies(EXPORT_ROLE);
    const put = () => asExport().send(new PutObjectCommand({ Bucket, Key, Body: 'y' }));
    setPolicy(bucketPolicy);
    deploy();
    expect(await failureOf(put())).toMatchObject({
      ...denied,
      message: expect.stringContaining('no identity-based policy'),
    });
    deploy(callerPolicy);
    await put();
    setPolicy({ Statement: [] });
    expect(await failureOf(put())).toMatchObject({
      ...denied,
      message: expect.stringContaining('no resource-based policy'),
    });
    setPolicy(bucketPolicy);
    deploy(callerPolicy, { Statement: { Effect: 'Deny', Action: 's3:PutObject', Resource: '*' } });
    expect(await failureOf(put())).toMatchObject(denied);
    setPolicy(policies(`arn:aws:iam::${OURS}:role/another`).bucketPolicy);
    deploy(callerPolicy);
    expect(await failureOf(put())).toMatchObject(denied);
  });

  it('by an assumed role needs its trust and external ID, and is limited by its policies', async () => {
    const iam = kept(new IAMClient({ ...options, ...theirs }));
    const sts = kept(new STSClient({ ...options, credentials: principals.issue(EXPORT_ROLE) }));
    const trust = (externalId: string) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: EXPORT_ROLE },
            Action: 'sts:AssumeRole',
            Condition: { StringEquals: { 'sts:ExternalId': externalId } },
          },
        ],
      });
    const RoleName = 'sluice-access';
    const { Role } = await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust('acme-7') }),
    );
    const RoleArn = Role?.Arn ?? '';
    expect(RoleArn).toBe(`arn:aws:iam::${THEIRS}:role/${RoleName}`);
    const assume = (ExternalId?: string) =>
      sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'export', ExternalId }));

    deploy();
    expect(await failureOf(assume('acme-7'))).toMatchObject(denied);
    deploy({ Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: RoleArn } });
    for (const wrong of [undefined, 'acme-8']) expect(await failureOf(assume(wrong))).toMatchObject(denied);
    const { Credentials } = await assume('acme-7');
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const identity = await kept(new STSClient({ ...options, credentials })).send(
      new GetCallerIdentityCommand({}),
    );
    expect(identity).toMatchObject({ Account: THEIRS, Arn: expect.stringContaining('assumed-role') });

    setPolicy({ Statement: [] });
    const get = () => s3(credentials).send(new GetObjectCommand({ Bucket, Key }));
    expect(await failureOf(get())).toMatchObject(denied);
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: READ });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
    await get();
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: trust('acme-9') }));
    expect(await failureOf(assume('acme-7'))).toMatchObject(denied);

    expect(new Roles(`${accounts.directory}/iam`).find(RoleArn)).toEqual(roles.find(RoleArn));
    expect(await failureOf(iam.send(new DeleteRoleCommand({ RoleName })))).toMatchObject({
      name: 'DeleteConflictException',
    });
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'own' }));
    await iam.send(new DeleteRoleCommand({ RoleName }));
    expect(await failureOf(iam.send(new GetRoleCommand({ RoleName })))).toMatchObject({ status: 404 });
    expect(await failureOf(get())).toMatchObject(denied);
  });

  it('with a key needs permission from both accounts, and an enabled key', async () => {
    const kms = kept(new KMSClient({ ...options, ...theirs }));
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: 'of the exports' }));
    const keyArn = KeyMetadata?.Arn ?? '';
    expect(keyArn).toContain(`:${THEIRS}:key/`);
    const { bucketPolicy, callerPolicy, keyPolicy } = policies(EXPORT_ROLE, keyArn);
    deploy(callerPolicy, { Statement: READ });
    const reads = { ...READ, Principal: { AWS: EXPORT_ROLE } };
    store.bucket(Bucket).settings = {
      policy: JSON.stringify({ ...bucketPolicy, Statement: [...bucketPolicy.Statement, reads] }),
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [
          { ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: keyArn } },
        ],
      },
    };
    const put = () => asExport().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const get = () => asExport().send(new GetObjectCommand({ Bucket, Key: 'k' }));
    expect(await failureOf(put())).toMatchObject({
      ...denied,
      message: expect.stringContaining('kms:GenerateDataKey'),
    });
    await s3(theirs.credentials).send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    expect(await failureOf(get())).toMatchObject({
      ...denied,
      message: expect.stringContaining('kms:Decrypt'),
    });
    // Metadata of an object needs no key, only its bytes do.
    await asExport().send(new HeadObjectCommand({ Bucket, Key: 'k' }));
    const [statement] = keyPolicy?.Statement ?? [];
    const root = { Effect: 'Allow', Principal: { AWS: THEIRS }, Action: 'kms:*', Resource: '*' };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [root, statement] });
    await kms.send(new PutKeyPolicyCommand({ KeyId: keyArn, Policy }));
    await put();
    await get();
    expect(
      new Keys({
        clock: realClock,
        partition: 'aws',
        region: 'us-east-1',
        account: OURS,
        directory: `${accounts.directory}/kms`,
      }).find(keyArn)?.policy,
    ).toBe(Policy);
    deploy(policies(EXPORT_ROLE).callerPolicy);
    expect(await failureOf(get())).toMatchObject(denied);
    // Principals of another account learn nothing of the key unless its policy allows it.
    const another = '444455556666';
    const others = kept(
      new KMSClient({ ...options, credentials: { accessKeyId: another, secretAccessKey: 'test' } }),
    );
    const described = (by: KMSClient) => by.send(new DescribeKeyCommand({ KeyId: keyArn }));
    const notAuthorized = {
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        /not authorized to perform: kms:DescribeKey .* no resource-based policy/,
      ),
    };
    expect(await failureOf(described(others))).toMatchObject(notAuthorized);
    const lets = { Effect: 'Allow', Principal: { AWS: another }, Resource: '*' };
    const letIn = (Action: string) =>
      kms.send(
        new PutKeyPolicyCommand({
          KeyId: keyArn,
          Policy: JSON.stringify({ Statement: [root, statement, { ...lets, Action }] }),
        }),
      );
    await letIn('kms:Decrypt');
    expect(await failureOf(described(others))).toMatchObject(notAuthorized);
    await letIn('kms:DescribeKey');
    await described(others);
    await described(kms);
    deploy(callerPolicy, { Statement: READ });
    await kms.send(new DisableKeyCommand({ KeyId: keyArn }));
    expect(await failureOf(get())).toMatchObject({ name: 'KMS.DisabledException', status: 400 });
  });
});
