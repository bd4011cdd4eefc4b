import {
  CreateSecretCommand,
  DeleteSecretCommand,
  type DeleteSecretCommandInput,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { failureOf } from '../../src/testing/startS3.ts';
import { START, startSecretsManager } from '../../src/testing/startSecretsManager.ts';

const DAY_MS = 86_400_000;
const SecretId = 'team/key';

describe('a secret', () => {
  let manager: Awaited<ReturnType<typeof startSecretsManager>>;
  const create = () =>
    manager.client.send(
      new CreateSecretCommand({ Name: SecretId, SecretString: 'one', Description: 'a key' }),
    );
  const remove = (more: Partial<DeleteSecretCommandInput> = {}) =>
    manager.client.send(new DeleteSecretCommand({ SecretId, ...more }));
  const value = async () => (await manager.client.send(new GetSecretValueCommand({ SecretId }))).SecretString;

  beforeEach(async () => {
    manager = await startSecretsManager();
    await create();
  });
  afterEach(() => manager.close());

  it('can be restored until its recovery window ends, and is gone then', async () => {
    const { DeletionDate } = await remove({ RecoveryWindowInDays: 7 });
    expect(DeletionDate?.getTime()).toBe(START + 7 * DAY_MS);
    const marked = { name: 'InvalidRequestException', message: expect.stringContaining('deletion') };
    expect(await failureOf(value())).toMatchObject(marked);
    const put = new PutSecretValueCommand({ SecretId, SecretString: 'two' });
    expect(await failureOf(manager.client.send(put))).toMatchObject(marked);
    expect(await failureOf(create())).toMatchObject(marked);
    const described = await manager.client.send(new DescribeSecretCommand({ SecretId }));
    expect(described.DeletedDate).toEqual(DeletionDate);
    const listed = async (IncludePlannedDeletion?: boolean) =>
      (await manager.client.send(new ListSecretsCommand({ IncludePlannedDeletion }))).SecretList?.length;
    expect([await listed(), await listed(true)]).toEqual([0, 1]);

    await manager.client.send(new RestoreSecretCommand({ SecretId }));
    expect(await value()).toBe('one');
    await remove();
    expect(manager.reopen().find(SecretId).deletionAt).toBe(START + 30 * DAY_MS);
    manager.clock.advance(30 * DAY_MS);
    expect(await failureOf(value())).toMatchObject({ name: 'ResourceNotFoundException' });
    expect(manager.reopen().all()).toEqual([]);
    await create();
  });

  it('is gone at once when the deletion is forced, which is no error without a secret', async () => {
    const both = remove({ ForceDeleteWithoutRecovery: true, RecoveryWindowInDays: 7 });
    expect(await failureOf(both)).toMatchObject({ name: 'InvalidParameterException' });
    for (const RecoveryWindowInDays of [6, 31])
      expect(await failureOf(remove({ RecoveryWindowInDays }))).toMatchObject({
        name: 'InvalidParameterException',
      });
    await remove({ ForceDeleteWithoutRecovery: true });
    expect(await failureOf(value())).toMatchObject({ name: 'ResourceNotFoundException' });
    expect(await failureOf(remove())).toMatchObject({ name: 'ResourceNotFoundException' });
    expect(await remove({ ForceDeleteWithoutRecovery: true })).toMatchObject({ Name: SecretId });
    const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:team/none-AbCdEf';
    expect(await remove({ SecretId: ARN, ForceDeleteWithoutRecovery: true })).toMatchObject({
      ...{ ARN, Name: 'team/none' },
    });
  });

  it('is updated: its description, its value, or both', async () => {
    const update = (more: object) => manager.client.send(new UpdateSecretCommand({ SecretId, ...more }));
    expect((await update({ Description: 'another' })).VersionId).toBeUndefined();
    expect(await value()).toBe('one');
    const { VersionId } = await update({ SecretString: 'two', Description: 'third' });
    const current = await manager.client.send(new GetSecretValueCommand({ SecretId }));
    expect([current.SecretString, current.VersionId]).toEqual(['two', VersionId]);
    expect((await manager.client.send(new DescribeSecretCommand({ SecretId }))).Description).toBe('third');
    expect(await failureOf(update({ KmsKeyId: 'k' }))).toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('KmsKeyId'),
    });
  });
});
