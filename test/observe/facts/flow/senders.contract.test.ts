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

it('finds a secret that is gone, invalid or deleted', async () => {
  const found = async () => {
    const { faultKind, fault, senders, changedAt } = await readKeys(deploymentNow());
    return [faultKind, fault, senders.length, changedAt !== null];
  };
  expect(await found()).toEqual(['gone', 'It does not exist.', 0, false]);
  const Name = 'sluice-prod-keys';
  await local.client.send(new CreateSecretCommand({ Name, SecretString: 'no JSON' }));
  expect(await found()).toEqual(['invalid', expect.any(String), 0, true]);
  await local.client.send(new DeleteSecretCommand({ SecretId: Name }));
  expect(await found()).toEqual(['deleted', expect.stringMatching(/ at 20.*Z\.$/), 0, false]);
});

it('has the keys of the configuration, and of a secret with a bad entry the good ones', async () => {
  const good = { label: 'web', sha256: 'b'.repeat(64) };
  const SecretString = JSON.stringify({ keys: [good, { label: 'bad' }] });
  await local.client.send(new CreateSecretCommand({ Name: 'sluice-prod-keys', SecretString }));
  const own = { label: 'own', sha256: 'c'.repeat(64) };
  const deployment = { ...deploymentNow(), config: defineConfig({ bucket: 'acme', keys: [own] }) };
  expect(await readKeys(deployment)).toMatchObject({
    senders: [own.sha256, good.sha256],
    labels: { [own.sha256]: 'own', [good.sha256]: 'web' },
    faultKind: 'entries',
    fault: expect.stringMatching(/./),
    unreadable: ['bad'],
  });
});

it('counts no key as a sender that may only start ingests', async () => {
  const keys = [
    { label: 'acme', sha256: 'a'.repeat(64), kinds: [], sources: ['acme'] },
    { label: 'web', sha256: 'b'.repeat(64) },
  ];
  const SecretString = JSON.stringify({ keys });
  await local.client.send(new CreateSecretCommand({ Name: 'sluice-prod-keys', SecretString }));
  expect(await readKeys(deploymentNow())).toMatchObject({
    senders: ['b'.repeat(64)],
    labels: { ['a'.repeat(64)]: 'acme', ['b'.repeat(64)]: 'web' },
    fault: null,
  });
});
