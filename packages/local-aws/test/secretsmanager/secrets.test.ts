import { randomUUID } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetRandomPasswordCommand,
  GetSecretValueCommand,
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY_MS } from '../../src/base/clock.ts';
import { START, startSecretsManager } from '../../src/testing/startSecretsManager.ts';

let local: Awaited<ReturnType<typeof startSecretsManager>>;
beforeEach(async () => {
  local = await startSecretsManager();
});
afterEach(() => local.close());

const create = (Name: string, SecretString?: string) =>
  local.client.send(
    new CreateSecretCommand({ Name, ...(SecretString === undefined ? {} : { SecretString }) }),
  );
const get = (SecretId: string, VersionStage?: string) =>
  local.client.send(
    new GetSecretValueCommand({ SecretId, ...(VersionStage === undefined ? {} : { VersionStage }) }),
  );
const put = (SecretId: string, SecretString: string, VersionStages?: string[]) =>
  local.client.send(
    new PutSecretValueCommand({
      SecretId,
      SecretString,
      ...(VersionStages === undefined ? {} : { VersionStages }),
    }),
  );

describe('a secret', () => {
  it("is read by name, by ARN and by the ARN without its suffix, in the SDK's types", async () => {
    const { ARN = '', VersionId } = await create('team/keys', '{"a":1}');
    expect(ARN).toMatch(/^arn:aws:secretsmanager:us-east-1:000000000000:secret:team\/keys-[0-9a-f]{6}$/);
    for (const id of ['team/keys', ARN, ARN.slice(0, -7)]) {
      expect(await get(id)).toMatchObject({
        ARN,
        Name: 'team/keys',
        VersionId,
        SecretString: '{"a":1}',
        VersionStages: ['AWSCURRENT'],
        CreatedDate: new Date(START),
      });
    }
  });

  it('survives a restart with every version and label', async () => {
    await create('kept', 'one');
    await put('kept', 'two');
    expect(local.reopen().all()).toEqual(local.secrets.all());
    expect(local.secrets.all()).toHaveLength(1);
  });

  it('moves AWSCURRENT and AWSPREVIOUS with each new value', async () => {
    const first = await create('rotated', 'one');
    const second = await put('rotated', 'two');
    expect(second.VersionStages).toEqual(['AWSCURRENT']);
    expect((await get('rotated')).SecretString).toBe('two');
    expect((await get('rotated', 'AWSPREVIOUS')).SecretString).toBe('one');
    const third = await put('rotated', 'three');
    const { VersionIdsToStages, ...rest } = await local.client.send(
      new DescribeSecretCommand({ SecretId: 'rotated' }),
    );
    expect(VersionIdsToStages).toEqual({
      [second.VersionId ?? '']: ['AWSPREVIOUS'],
      [third.VersionId ?? '']: ['AWSCURRENT'],
    });
    expect(rest).toMatchObject({ Name: 'rotated', CreatedDate: new Date(START) });
    // Deprecated, yet there as long as nothing pushes it out.
    const old = new GetSecretValueCommand({ SecretId: 'rotated', VersionId: first.VersionId });
    expect((await local.client.send(old)).SecretString).toBe('one');
  });

  it('that is deleted can be restored', async () => {
    const SecretId = 'left';
    await create(SecretId, 'one');
    const deleted = new DeleteSecretCommand({ SecretId });
    await local.client.send(deleted);
    await expect(get(SecretId)).rejects.toThrow('deletion');
    await local.client.send(new RestoreSecretCommand({ SecretId }));
    await get(SecretId);
  });

  it('that is deleted leaves its name after 30 days', async () => {
    await create('left', 'one');
    await local.client.send(new DeleteSecretCommand({ SecretId: 'left' }));
    await local.clock.advance(30 * DAY_MS - 1);
    await expect(create('left', 'two')).rejects.toThrow('deletion');
    await local.clock.advance(1);
    await create('left', 'two');
    expect((await get('left')).SecretString).toBe('two');
  });

  it('that is deleted without recovery leaves its name at once, its deletion scheduled or not', async () => {
    const atOnce = { SecretId: 'left', ForceDeleteWithoutRecovery: true };
    for (const SecretString of ['one', 'two']) {
      await create('left', SecretString);
      if (SecretString === 'two') await local.client.send(new DeleteSecretCommand({ SecretId: 'left' }));
      const { Name, DeletionDate } = await local.client.send(new DeleteSecretCommand(atOnce));
      expect({ Name, DeletionDate }).toEqual({ Name: 'left', DeletionDate: new Date(START) });
    }
    await expect(get('left')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect((await local.client.send(new DeleteSecretCommand(atOnce))).Name).toBe('left');
  });

  it('lists its versions also when it is deleted, those without a label if they are asked for', async () => {
    await create('listed', 'one');
    for (const value of ['two', 'three']) await put('listed', value);
    await local.client.send(new DeleteSecretCommand({ SecretId: 'listed' }));
    const stagesOf = async (IncludeDeprecated: boolean) => {
      const command = new ListSecretVersionIdsCommand({ SecretId: 'listed', IncludeDeprecated });
      return (await local.client.send(command)).Versions?.map(({ VersionStages }) => VersionStages);
    };
    expect(await stagesOf(false)).toEqual([['AWSPREVIOUS'], ['AWSCURRENT']]);
    expect(await stagesOf(true)).toEqual([[], ['AWSPREVIOUS'], ['AWSCURRENT']]);
  });

  it('moves AWSCURRENT only from the version that the caller names', async () => {
    const { VersionId: first } = await create('raced', 'one');
    const { VersionId: mine } = await put('raced', 'mine', ['AWSPENDING']);
    expect((await get('raced')).SecretString).toBe('one');
    const { VersionId: theirs } = await put('raced', 'theirs');
    const move = (RemoveFromVersionId?: string) =>
      local.client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: 'raced',
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: mine,
          ...(RemoveFromVersionId === undefined ? {} : { RemoveFromVersionId }),
        }),
      );
    await expect(move(first)).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(move()).rejects.toThrow(/RemoveFromVersionId can't be empty.*AWSCURRENT/);
    await move(theirs);
    expect((await get('raced')).SecretString).toBe('mine');
    expect((await get('raced', 'AWSPREVIOUS')).SecretString).toBe('theirs');
  });

  it('accepts a repeated put, and rejects another value with the same token', async () => {
    await create('repeated', 'one');
    const ClientRequestToken = randomUUID();
    const again = (SecretString: string) =>
      local.client.send(
        new PutSecretValueCommand({ SecretId: 'repeated', SecretString, ClientRequestToken }),
      );
    const first = await again('two');
    expect(await again('two')).toMatchObject({ VersionId: first.VersionId });
    await expect(again('three')).rejects.toMatchObject({ name: 'ResourceExistsException' });
    expect((await get('repeated')).SecretString).toBe('two');
  });

  it('deletes the oldest versions beyond a hundred, but never a labelled one', async () => {
    await create('busy', '0');
    await put('busy', 'labelled', ['MINE']);
    for (let i = 1; i <= 130; i += 1) local.secrets.put('busy', { value: String(i) });
    expect(local.secrets.find('busy').versions).toHaveLength(100);
    expect((await get('busy')).SecretString).toBe('130');
    expect((await get('busy', 'AWSPREVIOUS')).SecretString).toBe('129');
    expect((await get('busy', 'MINE')).SecretString).toBe('labelled');
  });
});

it('a value has 65,536 bytes at the most', async () => {
  const value = 'é'.repeat(32_768);
  await create('long', value);
  expect((await get('long')).SecretString).toBe(value);
});

describe('the limits of Secrets Manager', () => {
  const remove = (RecoveryWindowInDays: number) =>
    local.client.send(new DeleteSecretCommand({ SecretId: 'x', RecoveryWindowInDays }));
  const describeAs = (characters: number) =>
    local.client.send(new CreateSecretCommand({ Name: 'described', Description: 'd'.repeat(characters) }));
  const putWithToken = (characters: number) =>
    local.client.send(
      new PutSecretValueCommand({
        SecretId: 'x',
        SecretString: 'v',
        ClientRequestToken: 't'.repeat(characters),
      }),
    );
  beforeEach(() => create('x', 'v'));

  it.each<{ readonly what: string; readonly call: () => Promise<unknown> }>([
    { what: 'a name of 512 characters', call: () => create('n'.repeat(512), 'v') },
    { what: 'a description of 2,048 characters', call: () => describeAs(2_048) },
    { what: 'a token of 32 characters', call: () => putWithToken(32) },
    { what: 'a token of 64 characters', call: () => putWithToken(64) },
    { what: 'a label of 256 characters', call: () => put('x', 'w', ['l'.repeat(256)]) },
    {
      what: '20 labels',
      call: () =>
        put(
          'x',
          'w',
          Array.from({ length: 19 }, (_, i) => `l${i}`),
        ),
    },
    { what: 'a deletion after 7 days', call: () => remove(7) },
    { what: 'a deletion after 30 days', call: () => remove(30) },
  ])('let $what pass', async ({ call }) => {
    await expect(call()).resolves.toBeDefined();
  });

  it.each<{ readonly what: string; readonly call: () => Promise<unknown> }>([
    { what: 'a name of 513 characters', call: () => create('n'.repeat(513), 'v') },
    { what: 'a description of 2,049 characters', call: () => describeAs(2_049) },
    { what: 'a token of 31 characters', call: () => putWithToken(31) },
    { what: 'a token of 65 characters', call: () => putWithToken(65) },
    { what: 'a label of 257 characters', call: () => put('x', 'w', ['l'.repeat(257)]) },
    {
      what: '21 labels',
      call: () =>
        put(
          'x',
          'w',
          Array.from({ length: 20 }, (_, i) => `l${i}`),
        ),
    },
    { what: 'a deletion after 6 days', call: () => remove(6) },
    { what: 'a deletion after 31 days', call: () => remove(31) },
  ])('keep $what out', async ({ call }) => {
    await expect(call()).rejects.toMatchObject({ $fault: 'client' });
  });
});

describe('an error of Secrets Manager', () => {
  it.each<{
    readonly what: string;
    readonly call: () => Promise<unknown>;
    readonly name: string;
    readonly message: RegExp;
  }>([
    {
      what: 'no such secret',
      call: () => get('none'),
      name: 'ResourceNotFoundException',
      message: /can't find the specified secret\.$/,
    },
    {
      what: 'no value yet',
      call: () => create('empty').then(() => get('empty')),
      name: 'ResourceNotFoundException',
      message: /AWSCURRENT/,
    },
    {
      what: 'no such label',
      call: () => create('x', 'v').then(() => get('x', 'AWSPENDING')),
      name: 'ResourceNotFoundException',
      message: /AWSPENDING/,
    },
    {
      what: 'a name twice',
      call: () => create('x', 'v').then(() => create('x', 'w')),
      name: 'ResourceExistsException',
      message: /x already exists/,
    },
    {
      what: 'a name that is none',
      call: () => create('a b', 'v'),
      name: 'ValidationException',
      message: /Invalid name/,
    },
    {
      what: 'nothing to put',
      call: () =>
        create('x', 'v').then(() => local.client.send(new PutSecretValueCommand({ SecretId: 'x' }))),
      name: 'InvalidRequestException',
      message: /SecretString or SecretBinary/,
    },
    {
      what: 'a deletion at once after seven days',
      call: () =>
        local.client.send(
          new DeleteSecretCommand({
            SecretId: 'x',
            ForceDeleteWithoutRecovery: true,
            RecoveryWindowInDays: 7,
          }),
        ),
      name: 'InvalidParameterException',
      message: /in conjunction with RecoveryWindowInDays/,
    },
    {
      what: 'a value of more than 65,536 bytes',
      call: () => create('x', `${'é'.repeat(32_768)}x`),
      name: 'ValidationException',
      message: /65536/,
    },
    {
      what: 'a member that is not emulated',
      call: () => local.client.send(new CreateSecretCommand({ Name: 'x', KmsKeyId: 'k' })),
      name: 'NotImplemented',
      message: /KmsKeyId/,
    },
    {
      what: 'an operation',
      call: () => local.client.send(new GetRandomPasswordCommand({})),
      name: 'NotImplemented',
      message: /GetRandomPassword/,
    },
  ])('is returned for $what', async ({ call, name, message }) => {
    await expect(call()).rejects.toMatchObject({ name, message: expect.stringMatching(message) });
  });
});

describe('a secret of the template', () => {
  it('keeps values that were put later, until the template itself changes', async () => {
    const properties = { Name: 'keys', Description: 'Keys', SecretString: 'declared' };
    local.secrets.ensure('keys', properties);
    expect(await get('keys')).toMatchObject({ SecretString: 'declared' });
    await put('keys', 'by hand');
    local.reopen().ensure('keys', properties);
    local.secrets.ensure('keys', { ...properties, Description: 'Other words' });
    expect((await get('keys')).SecretString).toBe('by hand');
    expect(local.secrets.find('keys').description).toBe('Other words');
    local.secrets.ensure('keys', { ...properties, SecretString: 'declared anew' });
    expect((await get('keys')).SecretString).toBe('declared anew');
  });

  it('rejects a property that is not emulated by name', () => {
    expect(() => local.secrets.ensure('keys', { GenerateSecretString: {} })).toThrow(
      expect.objectContaining({
        code: 'NotImplemented',
        message: expect.stringContaining('GenerateSecretString'),
      }),
    );
  });
});
