import { createHash } from 'node:crypto';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, describe, expect, it } from '@jest/globals';
import { AssumeRoleError } from '../../../lib/aws/assumedRole.ts';
import { limitedSession, ownSession } from '../../../lib/aws/ownSession.ts';
import { startAccounts } from '../../../packages/local-aws/src/testing/startAccounts.ts';

const ACCOUNT = '000000000000';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/sluice-dev-IngestLoadRole-X`;
const policy = JSON.stringify({
  Statement: { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::own/acme/*' },
});

const before = { ...process.env };
const accounts = await startAccounts();
accounts.store.createBucket('own', { account: ACCOUNT });
for (const key of ['acme/a', 'other/a']) await accounts.store.put('own', key, 'x');
const { accessKeyId, secretAccessKey } = accounts.principals.issue(ROLE);
Object.assign(process.env, {
  AWS_ENDPOINT_URL: accounts.options.endpoint,
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
afterAll(async () => {
  for (const name of ['AWS_ENDPOINT_URL', 'AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  await accounts.close();
});

/** Time without an end. */
const until = { clock: { now: () => 0 }, deadline: Infinity };

describe('a session of the function’s own role', () => {
  /** Sets the roles' trust policies that IAM has at some time. */
  const deploy = (...trusted: string[]) => {
    const statements = trusted.map((arn) => ({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
      Action: 'sts:AssumeRole',
      Condition: { ArnLike: { 'aws:PrincipalArn': arn } },
    }));
    accounts.roles.deploy([{ arn: ROLE, account: ACCOUNT, trust: { Statement: statements }, policies: [] }]);
  };

  it('is retried while IAM applies a new trust policy, and has no more permissions than its policy', async () => {
    deploy();
    const waits: number[] = [];
    // As long as names of a source and its dataset may be together.
    const session = await ownSession(
      { roleArn: ROLE, name: 'acme-events'.repeat(9), policy },
      {
        until,
        random: () => 0.5,
        wait: async (ms) => {
          waits.push(ms);
          if (waits.length === 3) deploy(ROLE.replace(/X$/, '*'));
        },
      },
    );
    expect(waits).toEqual([250, 500, 1_000]);
    await session.s3.send(new GetObjectCommand({ Bucket: 'own', Key: 'acme/a' }));
    await expect(
      session.s3.send(new GetObjectCommand({ Bucket: 'own', Key: 'other/a' })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
    });
    const clients = [session.s3, session.glue, session.sts];
    for (const client of clients)
      expect((await client.config.credentials()).accessKeyId).toBe(session.credentials.accessKeyId);
    let closed = 0;
    const destroy = () => (closed += 1);
    session.closes({ destroy });
    for (const client of clients) Object.assign(client, { destroy });
    session.close();
    expect(closed).toBe(1 + clients.length);
  });

  it('fails with what the making of its policy throws, before anybody is asked', async () => {
    const defect = new RangeError('no policy');
    const opened = limitedSession({
      roleArn: ROLE,
      deadline: Infinity,
      name: 'acme-events',
      policyIn: () => {
        throw defect;
      },
      refused: () => new Error('refused'),
    });
    await expect(opened).rejects.toBe(defect);
  });

  /** A policy that hardly becomes smaller when it is packed. */
  const unpackable = (folders: number) =>
    JSON.stringify({
      Statement: {
        Effect: 'Allow',
        Action: 's3:GetObject',
        Resource: Array.from({ length: folders }, (_, i) => {
          const folder = createHash('sha256').update(String(i)).digest('base64url');
          return `arn:aws:s3:::own/${folder}`;
        }),
      },
    });

  it.each([
    { what: 'malformed', refused: '{"Statement":', name: 'MalformedPolicyDocumentException' },
    { what: 'too large once packed', refused: unpackable(30), name: 'PackedPolicyTooLargeException' },
    { what: 'too long', refused: unpackable(40), name: 'ValidationError' },
  ])('is asked for once with a policy that is $what', async ({ refused, name }) => {
    deploy(ROLE);
    let waits = 0;
    const wait = async () => {
      waits += 1;
    };
    const assumed = ownSession(
      { roleArn: ROLE, name: 'acme-events', policy: refused },
      { until, wait, random: () => 0 },
    );
    await expect(assumed).rejects.toMatchObject({ cause: { name } });
    expect(waits).toBe(0);
  });

  it('is denied if the role does not trust itself', async () => {
    deploy(`arn:aws:iam::${ACCOUNT}:role/another`);
    let waits = 0;
    const wait = async () => {
      waits += 1;
    };
    const assumed = ownSession(
      { roleArn: ROLE, name: 'acme-events', policy },
      { until, wait, random: () => 0 },
    );
    await expect(assumed).rejects.toThrow(AssumeRoleError);
    expect(waits).toBe(5);
  });

  it.each([
    { what: 'no pause that would end after its deadline', begin: 0, waited: [500, 1_000] },
    { what: 'no attempt after its deadline', begin: 2_000, waited: [] },
  ])('makes $what', async ({ begin, waited }) => {
    deploy(`arn:aws:iam::${ACCOUNT}:role/another`);
    let now = begin;
    const waits: number[] = [];
    const assumed = ownSession(
      { roleArn: ROLE, name: 'acme-events', policy },
      {
        until: { clock: { now: () => now }, deadline: 2_000 },
        random: () => 1,
        wait: async (ms) => {
          waits.push(ms);
          now += ms;
        },
      },
    );
    await expect(assumed).rejects.toThrow(AssumeRoleError);
    expect(waits).toEqual(waited);
  });
});
