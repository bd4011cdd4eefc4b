import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkManagedPolicy } from '../../src/iam/index.ts';
import { type Accounts, startAccounts } from '../../src/testing/startAccounts.ts';

const ACCOUNT = '111122223333';
const RoleName = 'reader';
const documentOf = (Action: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource: '*' }] });

/** A policy of so many characters. */
function padded(characters: number): string {
  const shorter = documentOf('s3:GetObject');
  return shorter.replace('"*"', `"${'*'.repeat(characters - shorter.length + 1)}"`);
}

/** A trust policy of so many characters. */
function trustOf(characters: number): string {
  const trust = (ExternalId: string) =>
    JSON.stringify({
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: ACCOUNT },
          Action: 'sts:AssumeRole',
          Condition: { StringEquals: { 'sts:ExternalId': ExternalId } },
        },
      ],
    });
  return trust('x'.repeat(characters - trust('').length));
}

describe('the policies of a role', () => {
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

  it('have at most 6,144 characters in a managed one, without white space', () => {
    checkManagedPolicy(`${padded(6_144)}${' '.repeat(100)}`);
    expect(() => checkManagedPolicy(padded(6_145))).toThrow('Cannot exceed quota for PolicySize: 6144');
  });

  it('have at most 10,240 characters in all of its own', async () => {
    const put = (name: string, characters: number) =>
      iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: name, PolicyDocument: padded(characters) }));
    await put('a', 10_000);
    await put('b', 240);
    await expect(put('b', 241)).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'Maximum policy size of 10240 bytes exceeded for role reader',
    });
  });

  it('have at most 2,048 characters in the one of its trust', async () => {
    const create = (name: string, characters: number) =>
      iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: trustOf(characters) }));
    await create('longest', 2_048);
    await expect(create('longer', 2_049)).rejects.toMatchObject({
      name: 'LimitExceededException',
      message: 'Cannot exceed quota for ACLSizePerRole: 2048',
    });
  });
});
