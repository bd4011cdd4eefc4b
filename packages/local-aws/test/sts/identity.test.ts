import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { stsService } from '../../src/sts/index.ts';
import { startServices } from '../../src/testing/startServices.ts';

describe('the local STS', () => {
  let options: ConstructorParameters<typeof STSClient>[0];
  let close: () => Promise<void>;
  beforeAll(async () => {
    const served = await startServices([stsService({ account: '000000000000' })]);
    options = served.options;
    close = served.close;
  });
  afterAll(() => close());

  it('returns the identity of the caller', async () => {
    const sts = new STSClient({ ...options });
    expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '000000000000',
      Arn: 'arn:aws:iam::000000000000:root',
    });
    sts.destroy();
  });

  it('rejects a wrong secret', async () => {
    const wrong = new STSClient({
      ...options,
      credentials: { accessKeyId: 'test', secretAccessKey: 'wrong' },
    });
    await expect(wrong.send(new GetCallerIdentityCommand({}))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 403 },
    });
    wrong.destroy();
  });

  it('lets nobody assume a role that does not exist', async () => {
    const sts = new STSClient({ ...options });
    await expect(
      sts.send(new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::000000000000:role/x', RoleSessionName: 'xy' })),
    ).rejects.toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('sts:AssumeRole') });
    sts.destroy();
  });
});
