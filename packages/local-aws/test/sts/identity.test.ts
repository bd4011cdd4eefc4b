import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stsService } from '../../src/sts/index.ts';
import { startServices } from '../../src/testing/startServices.ts';
import { closedAfterEach } from '../harness/closedAfterEach.ts';

describe('the local STS', () => {
  const opened = closedAfterEach();
  let options: ConstructorParameters<typeof STSClient>[0];
  let close: () => Promise<void>;
  beforeAll(async () => {
    const served = await startServices([stsService({ account: '000000000000' })]);
    options = served.options;
    close = served.close;
  });
  afterAll(() => close());

  const clientOf = (more: typeof options = {}) =>
    opened(new STSClient({ ...options, ...more }), (client) => client.destroy());

  it('returns the identity of the caller', async () => {
    expect(await clientOf().send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '000000000000',
      Arn: 'arn:aws:iam::000000000000:root',
    });
  });

  it('rejects a wrong secret', async () => {
    const wrong = clientOf({ credentials: { accessKeyId: 'test', secretAccessKey: 'wrong' } });
    await expect(wrong.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
  });

  it('lets nobody assume a role that does not exist', async () => {
    const RoleArn = 'arn:aws:iam::000000000000:role/x';
    const assumed = clientOf().send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'xy' }));
    await expect(assumed).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringContaining('sts:AssumeRole'),
    });
  });
});
