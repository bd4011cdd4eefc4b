import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkManagedPolicy } from '../../src/iam/index.ts';
import { type Accounts, startAccounts } from '../../src/testing/startAccounts.ts';

const ACCOUNT = '111122223333';
const RoleName = 'reader';
const documentOf = (Action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

describe('policies', () => {
  let accounts: Accounts;
  let iam: IAMClient;
  beforeAll(async () => {
    accounts = await startAccounts();
    const credentials = { accessKeyId: ACCOUNT, secretAccessKey: 'test' };
    iam = accounts.kept(new IAMClient({ ...accounts.options, credentials }));
    const trust = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' };
    await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: [trust] }) }),
    );
  });
  afterAll(() => accounts.close());

  it("have the length that IAM takes, without white space, as have a role's own policies", async () => {
    const padded = (characters: number) => {
      const shorter = documentOf('s3:GetObject');
      return shorter.replace('"*"', `"${'*'.repeat(characters - shorter.length + 1)}"`);
    };
    const tooLong = (message: string) => ({ name: 'LimitExceededException', message });
    checkManagedPolicy(`${padded(6_144)}${' '.repeat(100)}`);
    expect(() => checkManagedPolicy(padded(6_145))).toThrow('Cannot exceed quota for PolicySize: 6144');
    const put = (name: string, characters: number) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: name, PolicyDocument: padded(characters) }));
    await put('a', 10_000);
    await put('b', 240);
    await expect(put('b', 241)).rejects.toMatchObject(
      tooLong('Maximum policy size of 10240 bytes exceeded for role reader'),
    );
    const sids = Array.from({ length: 20 }, (_, i) => ({
      Sid: `S${i}`,
      Effect: 'Allow',
      Principal: { AWS: ACCOUNT },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': `e${i}` } },
    }));
    const AssumeRolePolicyDocument = JSON.stringify({ Statement: sids });
    await expect(
      iam.send(new CreateRoleCommand({ RoleName: 'other', AssumeRolePolicyDocument })),
    ).rejects.toMatchObject(tooLong('Cannot exceed quota for ACLSizePerRole: 2048'));
  });
});
