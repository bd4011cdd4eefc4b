import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteRoleCommand,
  DeleteUserCommand,
  GetRoleCommand,
  GetUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { failureOf } from '../../../src/testing/startS3.ts';
import { ACCOUNT, denied, type Enforced, READER, startEnforced } from '../../harness/startEnforced.ts';

const GONE = { name: 'NoSuchEntityException', status: 404 };

describe('a user of the template', () => {
  let stack: Enforced;
  let iam: IAMClient;
  beforeEach(async () => {
    stack = await startEnforced();
    iam = await stack.client(IAMClient);
  });
  afterEach(() => stack.close());
  const getUser = () => iam.send(new GetUserCommand({ UserName: 'reader' }));
  const deleteUser = (by: IAMClient) => by.send(new DeleteUserCommand({ UserName: 'reader' }));

  it('cannot delete itself without permission', async () => {
    expect(await failureOf(deleteUser(await stack.client(IAMClient, 'Reader')))).toMatchObject({
      name: 'AccessDenied',
      message: denied(READER, 'iam:DeleteUser', READER),
    });
    expect((await getUser()).User).toMatchObject({ UserName: 'reader', Arn: READER });
  });

  it('is not there after it was deleted, and may do nothing', async () => {
    const s3 = await stack.client(S3Client, 'Reader');
    const list = () => s3.send(new ListObjectsV2Command({ Bucket: 'landing' }));
    await list();
    await deleteUser(iam);
    expect(await failureOf(list())).toMatchObject({ name: 'AccessDenied' });
    expect(await failureOf(getUser())).toMatchObject(GONE);
    expect(await failureOf(deleteUser(iam))).toMatchObject(GONE);
  });
});

describe('a role of the template', () => {
  let stack: Enforced;
  beforeAll(async () => {
    stack = await startEnforced();
    const s3 = await stack.client(S3Client);
    await s3.send(new PutObjectCommand({ Bucket: 'landing', Key: 'rows/a.json', Body: '{"n":1}\n' }));
  });
  afterAll(() => stack.close());

  it('is there with its trust policy until it is deleted', async () => {
    const iam = await stack.client(IAMClient);
    const getRole = () => iam.send(new GetRoleCommand({ RoleName: 'delivery' }));
    const deleteRole = () => iam.send(new DeleteRoleCommand({ RoleName: 'delivery' }));
    const { Role } = await getRole();
    expect(Role).toMatchObject({ RoleName: 'delivery', Arn: `arn:aws:iam::${ACCOUNT}:role/delivery` });
    expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toContain('firehose.amazonaws.com');
    await deleteRole();
    expect(await failureOf(getRole())).toMatchObject(GONE);
    expect(await failureOf(deleteRole())).toMatchObject(GONE);
  });

  it('reads the log group that its policy names with `:*`, and no other', async () => {
    const logs = await stack.client(CloudWatchLogsClient, 'Work');
    const read = (logGroupName: string) => logs.send(new FilterLogEventsCommand({ logGroupName }));
    await read('/aws/lambda/work');
    expect(await failureOf(read('/aws/lambda/other'))).toMatchObject({ name: 'AccessDeniedException' });
  });

  describe('with a permissions boundary', () => {
    const session = `arn:aws:sts::${ACCOUNT}:assumed-role/limited/load-7`;
    const object = { Bucket: 'landing', Key: 'rows/a.json' };
    let s3: S3Client;
    beforeAll(async () => {
      const sts = await stack.client(STSClient);
      const { Credentials } = await sts.send(
        new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${ACCOUNT}:role/limited`, RoleSessionName: 'load-7' }),
      );
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = Credentials ?? {};
      s3 = await stack.client(S3Client, {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        sessionToken: SessionToken,
      });
    });

    it('may not do what its policy allows and the boundary does not', async () => {
      const { message } = await failureOf(s3.send(new PutObjectCommand({ ...object, Body: 'x' })));
      expect(message).toBe(
        denied(
          session,
          's3:PutObject',
          '"arn:aws:s3:::landing/rows/a.json"',
          'because no permissions boundary allows the s3:PutObject action',
        ),
      );
    });

    it('may not use a key that its own policy does not allow, and its session is named', async () => {
      const { message } = await failureOf(s3.send(new GetObjectCommand(object)));
      expect(message).toContain(
        `${session} is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:`,
      );
    });
  });
});
