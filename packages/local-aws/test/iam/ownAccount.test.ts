import { GetDatabasesCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateRoleCommand, GetRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, DisableKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutBucketEncryptionCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Accounts, startAccounts } from '../../src/testing/startAccounts.ts';
import { failureOf } from '../../src/testing/startS3.ts';
import { signedRequest } from '../edge/signedRequest.ts';

const THEIRS = '111122223333';
const Bucket = 'acme-drops';
const RoleName = 'app';
const RoleArn = `arn:aws:iam::${THEIRS}:role/${RoleName}`;
/** The policy that KMS gives a key: its account decides. */
const KEY_POLICY = JSON.stringify({
  Statement: [{ Effect: 'Allow', Principal: { AWS: THEIRS }, Action: 'kms:*', Resource: '*' }],
});

interface SessionKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

describe("a role of a customer's account", () => {
  let accounts: Accounts;
  let iam: IAMClient;
  let sts: STSClient;
  let keyId: string;
  const credentials = { accessKeyId: THEIRS, secretAccessKey: 'test' };

  beforeAll(async () => {
    accounts = await startAccounts();
    const { options, keys, kept, store } = accounts;
    iam = kept(new IAMClient({ ...options, credentials }));
    sts = kept(new STSClient({ ...options, credentials }));
    store.createBucket(Bucket, { account: THEIRS });
    await store.put(Bucket, 'k', 'x');
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: trust({}) }));
    keyId = keys.create(THEIRS, '', KEY_POLICY).arn;
  });
  afterAll(() => accounts.close());
  beforeEach(() => allow([]));

  const document = (statement: object) =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });
  const trust = (more: object) => document({ Principal: { AWS: THEIRS }, Action: 'sts:AssumeRole', ...more });
  /** A policy whose statements are there twice. */
  const twice = (policy: string) => {
    const { Statement } = JSON.parse(policy);
    return JSON.stringify({ Statement: [...Statement, ...Statement] });
  };
  const allow = (actions: readonly string[]) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'own',
        PolicyDocument: document({ Action: ['sts:GetCallerIdentity', ...actions], Resource: '*' }),
      }),
    );
  const assume = async (RoleSessionName = 'export') => {
    const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName }));
    return {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
  };

  /** Expects that services refuse a key for its token, each with its own message. */
  async function expectRefused(by: SessionKey): Promise<void> {
    const { options, kept } = accounts;
    const session = { ...options, credentials: by };
    const asked = [
      kept(new STSClient(session)).send(new GetCallerIdentityCommand({})),
      kept(new GlueClient(session)).send(new GetDatabasesCommand({})),
    ];
    const message = 'The security token included in the request is invalid.';
    expect(await Promise.all(asked.map(failureOf))).toMatchObject([
      { name: 'InvalidClientTokenId', status: 403, message },
      { name: 'UnrecognizedClientException', status: 403, message },
    ]);
  }

  it('can do only what its policies allow in every service', async () => {
    const { options, kept } = accounts;
    const session = { ...options, credentials: await assume() };
    const s3 = kept(new S3Client(session));
    const kms = kept(new KMSClient(session));
    const own = kept(new IAMClient(session));
    const PolicyDocument = document({ Action: '*', Resource: '*' });
    const Policy = document({
      Principal: { AWS: RoleArn },
      Action: 's3:*',
      Resource: `arn:aws:s3:::${Bucket}/*`,
    });
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      's3:ListAllMyBuckets': () => s3.send(new ListBucketsCommand({})),
      's3:CreateBucket': () => s3.send(new CreateBucketCommand({ Bucket: 'made-by-role' })),
      's3:PutBucketPolicy': () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy })),
      // IAM's names of these are not the operations'.
      's3:PutBucketPublicAccessBlock': () =>
        s3.send(
          new PutPublicAccessBlockCommand({
            Bucket,
            PublicAccessBlockConfiguration: { BlockPublicAcls: true },
          }),
        ),
      's3:PutBucketNotification': () =>
        s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} })),
      's3:PutEncryptionConfiguration': () =>
        s3.send(
          new PutBucketEncryptionCommand({
            Bucket,
            ServerSideEncryptionConfiguration: {
              Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
            },
          }),
        ),
      'kms:DescribeKey': () => kms.send(new DescribeKeyCommand({ KeyId: keyId })),
      'kms:DisableKey': () => kms.send(new DisableKeyCommand({ KeyId: keyId })),
      'iam:GetRole': () => own.send(new GetRoleCommand({ RoleName })),
      'iam:CreateRole': () =>
        own.send(new CreateRoleCommand({ RoleName: 'other', AssumeRolePolicyDocument: trust({}) })),
      'iam:PutRolePolicy': () =>
        own.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'more', PolicyDocument })),
    };
    for (const [action, call] of Object.entries(calls)) {
      const failure = await failureOf(call());
      expect({ action, message: failure.message }).toEqual({
        action,
        message: expect.stringContaining(`perform: ${action} on`),
      });
      expect(failure.name).toMatch(/^AccessDenied/);
    }
    await allow(Object.keys(calls));
    for (const call of Object.values(calls)) await call();
  });

  it("has no access to the deployment's own services, and neither has the root user of its account", async () => {
    const { options, kept } = accounts;
    await allow(['glue:*']);
    for (const who of [credentials, await assume()]) {
      const glue = kept(new GlueClient({ ...options, credentials: who }));
      expect(await failureOf(glue.send(new GetDatabasesCommand({})))).toMatchObject({
        name: 'AccessDeniedException',
      });
    }
    await kept(new GlueClient(options)).send(new GetDatabasesCommand({}));
  });

  it('is identified by the name of its session', async () => {
    const { options, kept } = accounts;
    const { sessionToken, ...key } = await assume('load-7');
    const other = await assume('load-8');
    // The token has the name of the session.
    for (const { token, name } of [
      { token: sessionToken, name: 'load-7' },
      { token: other.sessionToken, name: 'load-8' },
    ]) {
      const client = kept(new STSClient({ ...options, credentials: { ...key, sessionToken: token } }));
      expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject({
        Arn: `arn:aws:sts::${THEIRS}:assumed-role/${RoleName}/${name}`,
        UserId: expect.stringMatching(new RegExp(`^AROA[A-Z0-9]{17}:${name}$`)),
      });
    }
  });

  it('needs the token of its session, as it was given', async () => {
    const { options, kept } = accounts;
    const { sessionToken, ...key } = await assume('load-7');
    await allow(['s3:*']);
    const read = (by: SessionKey) =>
      kept(new S3Client({ ...options, credentials: by })).send(new GetObjectCommand({ Bucket, Key: 'k' }));
    await read({ ...key, sessionToken });
    expect(await failureOf(read(key))).toMatchObject({ name: 'InvalidAccessKeyId', status: 403 });
    const forged = `${Buffer.from('load-9').toString('base64url')}.${sessionToken.split('.')[1]}`;
    for (const token of ['garbage', forged, `${sessionToken}x`])
      expect(await failureOf(read({ ...key, sessionToken: token }))).toMatchObject({
        name: 'InvalidToken',
        status: 400,
      });
    await expectRefused({ ...key, sessionToken: 'None' });
  });

  it("takes no session token with a role's long-term key, as an unset AWS_SESSION_TOKEN is in Python", async () => {
    const { options, kept, principals } = accounts;
    await allow(['s3:*']);
    const key = principals.issue(RoleArn);
    const get = new GetObjectCommand({ Bucket, Key: 'k' });
    const s3 = (by: SessionKey) => kept(new S3Client({ ...options, credentials: by }));
    await s3(key).send(get);
    const withToken = { ...key, sessionToken: 'None' };
    expect(await failureOf(s3(withToken).send(get))).toMatchObject({ name: 'InvalidToken', status: 400 });
    await expectRefused(withToken);
    // Predefined keys may have any.
    await s3({ accessKeyId: 'test', secretAccessKey: 'test', sessionToken: 'None' }).send(
      new ListBucketsCommand({}),
    );
    // A presigned URL has its token in the query.
    const { status, body } = await signedRequest({
      url: String(options.endpoint),
      path: `/${Bucket}/k?X-Amz-Security-Token=None`,
      accessKeyId: key.accessKeyId,
      secret: key.secretAccessKey,
    });
    expect(status).toBe(400);
    expect(/<Code>(.*)<\/Code>/.exec(body)?.[1]).toBe('InvalidToken');
  });

  it.each([
    {
      AssumeRolePolicyDocument: trust({ Principal: undefined }),
      message: 'Missing required field Principal',
    },
    {
      AssumeRolePolicyDocument: trust({ Action: 's3:GetObject' }),
      message: 'AssumeRole policy may only specify STS AssumeRole actions.',
    },
    { AssumeRolePolicyDocument: trust({ Resource: '*' }), message: 'Has prohibited field Resource' },
    {
      AssumeRolePolicyDocument: trust({ Principal: { AWS: `arn:aws:iam::${THEIRS}:role/nobody` } }),
      message: 'Invalid principal in policy',
    },
    { AssumeRolePolicyDocument: '{"Statement":[]}', message: 'Syntax errors in policy.' },
    {
      AssumeRolePolicyDocument: twice(trust({ Sid: 'One' })),
      message: 'Statement IDs (SID) in a single policy must be unique.',
    },
  ])('cannot be given an invalid trust policy: $message', async ({ AssumeRolePolicyDocument, message }) => {
    const made = iam.send(new CreateRoleCommand({ RoleName: 'invalid', AssumeRolePolicyDocument }));
    expect(await failureOf(made)).toMatchObject({ name: 'MalformedPolicyDocumentException', message });
  });

  it.each([
    {
      what: 'with a principal',
      statement: { Principal: '*', Action: 's3:*', Resource: '*' },
      message: 'Policy document should not specify a principal.',
    },
    {
      what: 'without resources',
      statement: { Action: 's3:*' },
      message: 'Policy statement must contain resources.',
    },
    {
      what: 'without actions',
      statement: { Action: [], Resource: '*' },
      message: 'Policy statement must contain actions.',
    },
    {
      what: 'on a resource that is no ARN',
      statement: { Action: 's3:GetObject', Resource: ['*', Bucket] },
      message: `Resource ${Bucket} must be in ARN format or "*".`,
    },
    {
      what: 'with an action of no service',
      statement: { Action: 'GetObject', Resource: '*' },
      message: expect.stringContaining('prefaced by a vendor'),
    },
    {
      what: 'with a number for an action',
      statement: { Action: 5, Resource: '*' },
      message: expect.stringMatching(/Action: .*expected string.*or .*expected array/),
    },
  ])('cannot be given a policy $what', async ({ statement, message }) => {
    const PolicyDocument = document(statement);
    const put = iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
    expect(await failureOf(put)).toMatchObject({ name: 'MalformedPolicyDocumentException', message });
  });

  it('can have a policy whose statements have unique IDs or none', async () => {
    const put = (PolicyDocument: string) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }));
    const statement = { Action: 's3:GetObject', Resource: '*' };
    expect(await failureOf(put(twice(document({ ...statement, Sid: 'One' }))))).toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: 'Statement IDs (SID) in a single policy must be unique.',
    });
    await put(twice(document(statement)));
    await put(twice(document({ ...statement, Sid: '' })));
  });
});
