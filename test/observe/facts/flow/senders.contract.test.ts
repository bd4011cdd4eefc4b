import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { defineConfig } from '../../../../lib/config/defineConfig.ts';
import { readKeys } from '../../../../observe/facts/flow/senders.ts';
import { startSecretsManager } from '../../../../packages/local-aws/src/testing/startSecretsManager.ts';

let local: Awaited<ReturnType<typeof startSecretsManager>>;
beforeEach(async () => {
  local = await startSecretsManager();
});
afterEach(() => local.close());

it('counts no key as a sender that may only start ingests', async () => {
  const keys = [
    { label: 'acme', sha256: 'a'.repeat(64), kinds: [], sources: ['acme'] },
    { label: 'web', sha256: 'b'.repeat(64) },
  ];
  const SecretString = JSON.stringify({ keys });
  await local.client.send(new CreateSecretCommand({ Name: 'sluice-prod-keys', SecretString }));
  const deployment = {
    aws: local.options,
    config: defineConfig({ bucket: 'acme' }),
    stack: { service: 'sluice', stage: 'prod' },
  };
  expect(await readKeys(deployment)).toMatchObject({
    senders: ['b'.repeat(64)],
    labels: { ['a'.repeat(64)]: 'acme', ['b'.repeat(64)]: 'web' },
    fault: null,
  });
});
