import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkManagedPolicy } from '../../src/iam/index.ts';
import { type Accounts, startAccounts } from '../../src/testing/startAccounts.ts';

const ACCOUNT = '111122223333';
const RoleName = 'reader';
const documentOf = (Resource: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource }],
  });

/** A policy of so many characters. */
function padded(characters: number): string {
  const bucket = 'arn:aws:s3:::acme/';
  return documentOf(bucket.padEnd(characters - documentOf('').length, 'x'));
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

  it('can be deleted, and then the role', async () => {
    const made = { RoleName: 'short-lived', Description: 'for an hour', Path: '/teams/data/' };
    await iam.send(new CreateRoleCommand({ ...made, AssumeRolePolicyDocument: trustOf(200) }));
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: made.RoleName }));
    expect(Role).toMatchObject({ ...made, Arn: `arn:aws:iam::${ACCOUNT}:role/teams/data/short-lived` });
    const own = { RoleName: made.RoleName, PolicyName: 'own' };
    await iam.send(new PutRolePolicyCommand({ ...own, PolicyDocument: documentOf('*') }));
    const deleteRole = () => iam.send(new DeleteRoleCommand({ RoleName: made.RoleName }));
    await expect(deleteRole()).rejects.toMatchObject({ name: 'DeleteConflictException' });
    const deletePolicy = () => iam.send(new DeleteRolePolicyCommand(own));
    await deletePolicy();
    await expect(deletePolicy()).rejects.toMatchObject({
      name: 'NoSuchEntityException',
      message: 'The role policy with name own cannot be found.',
    });
    await deleteRole();
    await expect(iam.send(new GetRoleCommand({ RoleName: made.RoleName }))).rejects.toMatchObject({
      name: 'NoSuchEntityException',
    });
  });

  it.each([
    { what: 'a path with a space', member: { Path: '/a b/' } },
    { what: 'a path without a slash at its end', member: { Path: '/a' } },
    { what: 'a path of 513 characters', member: { Path: `/${'a'.repeat(511)}/` } },
    { what: 'a description of 1,001 characters', member: { Description: 'x'.repeat(1_001) } },
    { what: 'a description that is not of Latin-1', member: { Description: '日' } },
  ])('belong to no role with $what', async ({ member }) => {
    const AssumeRolePolicyDocument = trustOf(200);
    const made = iam.send(new CreateRoleCommand({ RoleName: 'odd', AssumeRolePolicyDocument, ...member }));
    await expect(made).rejects.toMatchObject({ name: 'ValidationError' });
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
