import { CreateSecretCommand, DeleteSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { readKeys } from '../../../../observe/facts/flow/senders.ts';
import { startSecretsManager } from '../../../../packages/local-aws/src/testing/startSecretsManager.ts';

let local: Awaited<ReturnType<typeof startSecretsManager>>;
beforeEach(async () => {
  local = await startSecretsManager();
});
afterEach(() => local.close());

const deploymentNow = () => ({
  aws: local.options,
  config: defineConfig({ bucket: 'acme' }),
  stack: { service: 'sluice', stage: 'prod' },
});

const NAME = 'sluice-prod-keys';
const create = (SecretString: string) =>
  local.client.send(new CreateSecretCommand({ Name: NAME, SecretString }));
/** A secret of which no key can be read. */
const NO_KEY = { senders: [], labels: {}, environments: {}, unreadable: [] };

it('tells of a secret that does not exist', async () => {
  expect(await readKeys(deploymentNow())).toEqual({
    ...NO_KEY,
    faultKind: 'gone',
    fault: 'It does not exist.',
    changedAt: null,
  });
});

it('tells of a secret that cannot be parsed, since its version was made, without its text', async () => {
  await create('{"web":"1234');
  expect(await readKeys(deploymentNow())).toEqual({
    ...NO_KEY,
    faultKind: 'invalid',
    fault: expect.not.stringMatching(/^$|web|1234/),
    changedAt: '2026-11-20T07:32:00.000Z',
  });
});

it('tells of a secret that is deleted, and when', async () => {
  await create('no JSON');
  await local.client.send(new DeleteSecretCommand({ SecretId: NAME }));
  expect(await readKeys(deploymentNow())).toEqual({
    ...NO_KEY,
    faultKind: 'deleted',
    fault: 'It is scheduled for deletion at 2026-12-20T07:32:00.000Z.',
    changedAt: null,
  });
});

it('has the keys of the configuration, and of a secret with a bad entry the good ones', async () => {
  const good = { label: 'web', sha256: 'b'.repeat(64), environment: 'prod' };
  const SecretString = JSON.stringify({ keys: [good, { label: 'bad' }] });
  await create(SecretString);
  const own = { label: 'own', sha256: 'c'.repeat(64) };
  const deployment = { ...deploymentNow(), config: defineConfig({ bucket: 'acme', keys: [own] }) };
  expect(await readKeys(deployment)).toMatchObject({
    senders: [own.sha256, good.sha256],
    labels: { [own.sha256]: 'own', [good.sha256]: 'web' },
    environments: { web: 'prod' },
    faultKind: 'entries',
    fault: 'bad: sha256: expected 64 lower-case hex digits: the SHA-256 of the key.',
    unreadable: ['bad'],
  });
});

it('counts a key that may only start ingests as no sender, and has its label', async () => {
  const keys = [
    { label: 'acme', sha256: 'a'.repeat(64), kinds: [], sources: ['acme'] },
    { label: 'web', sha256: 'b'.repeat(64) },
  ];
  const SecretString = JSON.stringify({ keys });
  await create(SecretString);
  expect(await readKeys(deploymentNow())).toMatchObject({
    senders: ['b'.repeat(64)],
    labels: { ['a'.repeat(64)]: 'acme', ['b'.repeat(64)]: 'web' },
    fault: null,
  });
});
