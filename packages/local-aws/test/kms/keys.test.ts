import {
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  KMSClient,
  ListAliasesCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { realClock } from '../../src/base/clock.ts';
import { kmsService } from '../../src/kms/index.ts';
import { Keys } from '../../src/kms/Keys.ts';
import { startServices } from '../../src/testing/startServices.ts';

const ID = '11111111-2222-3333-4444-555555555555';
const ACCOUNT = '000000000000';
const ARN = `arn:aws:kms:us-east-1:${ACCOUNT}:key/${ID}`;
const POLICY = { Version: '2012-10-17', Statement: [] };
/** A key whose policy takes it from everybody for one operation. */
const GUARDED = '66666666-2222-3333-4444-555555555555';
const GUARD = { Effect: 'Deny', Principal: '*', Action: 'kms:DisableKey', Resource: '*' };

describe('the local KMS', () => {
  let kms: KMSClient;
  /** Signs as the root of another account. */
  let stranger: KMSClient;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const keys = new Keys({ clock: realClock, partition: 'aws', region: 'us-east-1', account: ACCOUNT });
    keys.ensure(ID, { Description: 'Of the bucket', KeyPolicy: POLICY, EnableKeyRotation: true });
    keys.ensure(GUARDED, { KeyPolicy: { Version: '2012-10-17', Statement: [GUARD] } });
    keys.ensureAlias({ AliasName: 'alias/b', TargetKeyId: ID });
    keys.ensureAlias({ AliasName: 'alias/a', TargetKeyId: ID });
    const served = await startServices([kmsService({ keys, account: ACCOUNT })]);
    kms = new KMSClient(served.options);
    stranger = new KMSClient({
      ...served.options,
      credentials: { accessKeyId: '111122223333', secretAccessKey: 'test' },
    });
    close = served.close;
  });
  afterAll(async () => {
    kms.destroy();
    stranger.destroy();
    await close();
  });

  it.each([ID, ARN, 'alias/a', `arn:aws:kms:us-east-1:${ACCOUNT}:alias/b`])(
    'describes a key by %s',
    async (KeyId) => {
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
      expect(KeyMetadata).toMatchObject({
        KeyId: ID,
        Arn: ARN,
        Description: 'Of the bucket',
        KeySpec: 'SYMMETRIC_DEFAULT',
        MultiRegion: false,
      });
    },
  );

  it('turns a key off and on', async () => {
    const state = async () => (await kms.send(new DescribeKeyCommand({ KeyId: ID }))).KeyMetadata?.KeyState;
    await kms.send(new DisableKeyCommand({ KeyId: ID }));
    expect(await state()).toBe('Disabled');
    await kms.send(new EnableKeyCommand({ KeyId: ID }));
    expect(await state()).toBe('Enabled');
  });

  it('lists aliases by name', async () => {
    expect(await kms.send(new ListAliasesCommand({ KeyId: ID }))).toMatchObject({
      Truncated: false,
      Aliases: [{ AliasName: 'alias/a', TargetKeyId: ID }, { AliasName: 'alias/b' }],
    });
  });

  it('lists no alias of an account to another', async () => {
    expect(await stranger.send(new ListAliasesCommand({}))).toMatchObject({ Aliases: [] });
  });

  it.each([
    { what: 'the listing of its aliases', command: new ListAliasesCommand({ KeyId: ID }) },
    { what: 'turning it on', command: new EnableKeyCommand({ KeyId: ID }) },
    { what: 'turning it off', command: new DisableKeyCommand({ KeyId: ID }) },
  ])('refuses another account’s caller $what by the ID of a key', async ({ command }) => {
    const call = (client: { send(sent: typeof command): Promise<unknown> }) => client.send(command);
    await expect(call(stranger)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });

  it('refuses even the root what a policy of a key denies', async () => {
    await expect(kms.send(new DisableKeyCommand({ KeyId: GUARDED }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining('with an explicit deny in a resource-based policy'),
    });
  });

  it.each([
    { KeyId: 'absent', words: ':key/absent' },
    { KeyId: 'alias/c', words: ':alias/c' },
  ])('knows no key $KeyId', async ({ KeyId, words }) => {
    await expect(kms.send(new DescribeKeyCommand({ KeyId }))).rejects.toMatchObject({
      name: 'NotFoundException',
      message: expect.stringContaining(words),
    });
  });

  it('refuses an operation that is not emulated by name', async () => {
    const encrypt = kms.send(new EncryptCommand({ KeyId: ID, Plaintext: Buffer.from('x') }));
    await expect(encrypt).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('kms Encrypt'),
    });
  });

  it('refuses a member that is not emulated by name', async () => {
    await expect(kms.send(new DescribeKeyCommand({ KeyId: ID, GrantTokens: ['x'] }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('GrantTokens'),
    });
  });
});
