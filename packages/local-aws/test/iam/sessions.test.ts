import { GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { seededBytes } from '../../src/base/index.ts';
import { type Accounts, startAccounts } from '../../src/testing/startAccounts.ts';
import { failureOf } from '../../src/testing/startS3.ts';

const OURS = '000000000000';
const THEIRS = '111122223333';
const LOAD = `arn:aws:iam::${OURS}:role/app-dev-IngestLoadRole-X`;
const OTHER = `arn:aws:iam::${OURS}:role/app-dev-ExportRole-X`;
const OWN = 'own-bucket';
const DROPS = 'acme-drops';
const denied = { name: 'AccessDenied', status: 403 };

const itself = (arn: string) => ({
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${OURS}:root` },
  Action: 'sts:AssumeRole',
  Condition: { ArnEquals: { 'aws:PrincipalArn': arn } },
});
const allow = (Action: string | string[], Resource: string | string[], Condition?: object) => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

describe('a session of a role', () => {
  let accounts: Accounts;
  beforeAll(async () => {
    accounts = await startAccounts();
    accounts.store.createBucket(OWN, { account: OURS });
    accounts.store.createBucket(DROPS, { account: THEIRS });
    for (const key of ['acme/a', 'other/a']) {
      await accounts.store.put(OWN, key, 'x');
      await accounts.store.put(DROPS, key, 'x');
    }
    accounts.store.bucket(DROPS).settings = {
      policy: policyOf(
        {
          ...allow('s3:GetObject', `arn:aws:s3:::${DROPS}/*`),
          Principal: { AWS: LOAD },
          // For a session it is the ARN of its role.
          Condition: { ArnEquals: { 'aws:PrincipalArn': LOAD } },
        },
        {
          ...allow('s3:ListBucket', `arn:aws:s3:::${DROPS}`),
          Principal: { AWS: `arn:aws:iam::${OURS}:root` },
        },
      ),
    };
  });
  beforeEach(() => deploy({ Statement: [itself(LOAD)] }));
  afterAll(() => accounts.close());

  function deploy(trust: unknown): void {
    const policies = [
      { Statement: [allow(['s3:GetObject', 's3:ListBucket'], '*'), allow('sts:AssumeRole', LOAD)] },
    ];
    accounts.roles.deploy([
      { arn: LOAD, account: OURS, trust, policies },
      { arn: OTHER, account: OURS, trust: undefined, policies },
    ]);
  }
  const sts = (credentials = accounts.principals.issue(LOAD)) =>
    accounts.kept(new STSClient({ ...accounts.options, credentials }));
  const assume = (input: { Policy?: string; DurationSeconds?: number } = {}, by = sts()) =>
    by.send(new AssumeRoleCommand({ RoleArn: LOAD, RoleSessionName: 'acme-events', ...input }));
  async function session(...statements: object[]) {
    const { Credentials } = await assume({ Policy: policyOf(...statements) });
    const credentials = {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    };
    const s3 = accounts.kept(new S3Client({ ...accounts.options, credentials }));
    return {
      credentials,
      get: (Bucket: string, Key: string) => s3.send(new GetObjectCommand({ Bucket, Key })),
      list: (Bucket: string, Prefix?: string) => s3.send(new ListObjectsV2Command({ Bucket, Prefix })),
      put: (Bucket: string, Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: 'y' })),
    };
  }

  const iam = () =>
    accounts.kept(
      new IAMClient({ ...accounts.options, credentials: { accessKeyId: OURS, secretAccessKey: 'test' } }),
    );

  it('is of a role that cannot be created a second time where the template has it', async () => {
    const made = iam().send(
      new CreateRoleCommand({
        RoleName: LOAD.split('/').at(-1),
        AssumeRolePolicyDocument: policyOf(itself(LOAD)),
      }),
    );
    await expect(made).rejects.toMatchObject({ name: expect.stringMatching(/^EntityAlreadyExists/) });
  });

  it('of a role that the template has taken over needs the trust of the template', async () => {
    const RoleName = 'taken-over';
    const taken = `arn:aws:iam::${OURS}:role/${RoleName}`;
    const policies = [{ Statement: [allow('sts:AssumeRole', '*')] }];
    const load = { arn: LOAD, account: OURS, trust: undefined, policies };
    accounts.roles.deploy([load]);
    const AssumeRolePolicyDocument = policyOf(itself(LOAD));
    await iam().send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
    const assumeTaken = () =>
      sts().send(new AssumeRoleCommand({ RoleArn: taken, RoleSessionName: 'acme-events' }));
    await assumeTaken();
    accounts.roles.deploy([load, { arn: taken, account: OURS, trust: { Statement: [] }, policies: [] }]);
    expect(await failureOf(assumeTaken())).toMatchObject(denied);
  });

  it('can be assumed by the role itself only if its trust policy says so, and by no other role of the account', async () => {
    for (const trust of [undefined, { Statement: [] }, { Statement: [itself(OTHER)] }]) {
      deploy(trust);
      expect(await failureOf(assume())).toMatchObject(denied);
    }
    deploy({ Statement: [itself(LOAD)] });
    expect(await failureOf(assume({}, sts(accounts.principals.issue(OTHER))))).toMatchObject(denied);
    expect(await assume()).toMatchObject({
      AssumedRoleUser: { Arn: `arn:aws:sts::${OURS}:assumed-role/app-dev-IngestLoadRole-X/acme-events` },
    });
  });

  it('can do what its role and its session policy both allow, in every account', async () => {
    const acme = await session(
      allow('s3:GetObject', [`arn:aws:s3:::${OWN}/acme/*`, `arn:aws:s3:::${DROPS}/acme/*`]),
      allow('s3:ListBucket', [`arn:aws:s3:::${OWN}`, `arn:aws:s3:::${DROPS}`], {
        StringLike: { 's3:prefix': 'acme/*' },
      }),
    );
    const identity = await sts(acme.credentials).send(new GetCallerIdentityCommand({}));
    expect(identity.Arn).toContain('assumed-role/app-dev-IngestLoadRole-X/acme-events');
    for (const bucket of [OWN, DROPS]) {
      await acme.get(bucket, 'acme/a');
      expect((await acme.list(bucket, 'acme/')).Contents).toHaveLength(1);
      const asked = [
        acme.get(bucket, 'other/a'),
        acme.list(bucket, 'other/'),
        acme.list(bucket),
        acme.put(bucket, 'acme/b'),
        // The list that distinguishes a missing object from a forbidden one has no prefix.
        acme.get(bucket, 'acme/missing'),
      ];
      const failures = await Promise.all(asked.map(failureOf));
      for (const failure of failures) expect(failure).toMatchObject(denied);
    }
    const message = expect.stringContaining('because no session policy allows the s3:GetObject action');
    expect(await failureOf(acme.get(OWN, 'other/a'))).toMatchObject({ message });
  });

  it("adds nothing to its role's permissions", async () => {
    const wide = await session(allow('s3:*', '*'));
    await wide.get(DROPS, 'other/a');
    expect(await failureOf(wide.put(DROPS, 'acme/b'))).toMatchObject(denied);
  });

  it('cannot do what its session policy denies', async () => {
    const without = await session(allow('s3:*', '*'), {
      ...allow('s3:GetObject', `arn:aws:s3:::${OWN}/other/*`),
      Effect: 'Deny',
    });
    expect(await failureOf(without.get(OWN, 'other/a'))).toMatchObject({
      message: expect.stringContaining('with an explicit deny in a session policy'),
    });
  });

  it('is limited by its session policy in the deployment’s own services and in the roles that it can assume', async () => {
    const table = (name: string) => `arn:aws:glue:us-east-1:${OURS}:${name}`;
    const acme = await session(
      allow('glue:GetTable', [table('catalog'), table('database/app'), table('table/app/acme_events')]),
    );
    const glue = accounts.kept(new GlueClient({ ...accounts.options, credentials: acme.credentials }));
    const get = (Name: string) => glue.send(new GetTableCommand({ DatabaseName: 'app', Name }));
    await expect(get('acme_events')).rejects.toMatchObject({ name: 'EntityNotFoundException' });
    await expect(get('other_events')).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(await failureOf(assume({}, sts(acme.credentials)))).toMatchObject(denied);
  });

  /** A policy of so many characters. */
  function padded(length: number): string {
    const text = policyOf(allow('s3:GetObject', `arn:aws:s3:::${OWN}/`));
    return text.replace(`${OWN}/`, `${OWN}/${'a'.repeat(length - text.length)}`);
  }
  /** A policy of as many characters, of which none repeats often enough to be packed. */
  const unpackable = () =>
    padded(2_048).replace(/a{500,}/, (text) =>
      seededBytes(text.length).toString('base64url').slice(0, text.length),
    );

  it('may have a policy of 2,048 characters and a duration of an hour', async () => {
    const longest = { Policy: padded(2_048), DurationSeconds: 3_600 };
    expect((await assume(longest)).PackedPolicySize).toBeLessThan(50);
  });

  it.each([
    { what: 'a policy of 2,049 characters', input: { Policy: padded(2_049) }, name: 'ValidationError' },
    {
      what: 'a policy with a character that is not of Latin-1',
      input: { Policy: policyOf(allow('s3:GetObject', `arn:aws:s3:::${OWN}/日`)) },
      name: 'ValidationError',
    },
    {
      what: 'a policy that is no JSON',
      input: { Policy: '{' },
      name: 'MalformedPolicyDocumentException',
    },
    {
      what: 'a policy with a principal',
      input: { Policy: policyOf({ ...allow('s3:GetObject', '*'), Principal: '*' }) },
      name: 'MalformedPolicyDocumentException',
    },
    {
      what: 'a policy that can not be packed',
      input: { Policy: unpackable() },
      name: 'PackedPolicyTooLargeException',
    },
    {
      what: 'a duration of a second more than an hour',
      input: { DurationSeconds: 3_601 },
      name: 'ValidationError',
    },
  ])('is refused with $what', async ({ input, name }) => {
    expect(await failureOf(assume(input))).toMatchObject({ name });
  });
});
