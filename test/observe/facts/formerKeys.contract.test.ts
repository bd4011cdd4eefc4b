import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { type FormerKey, readFormerKeys } from '../../../observe/facts/formerKeys.ts';
import { START, startSecretsManager } from '../../../packages/local-aws/src/testing/startSecretsManager.ts';
import { answered, logged, wellKeys } from '../statusFacts.ts';

let local: Awaited<ReturnType<typeof startSecretsManager>>;
beforeEach(async () => {
  local = await startSecretsManager();
});
afterEach(() => local.close());

const SecretId = 'sluice-prod-keys';
/** When the list was changed last: in the last of its four versions, of which each is an hour newer. */
const CHANGED_AT = '2026-11-20T10:32:00.000Z';
const web = { label: 'web', sha256: `9f86d081${'1'.repeat(56)}`, environment: 'staging' };
const tv = { label: 'tv', sha256: `0a0b0c0d${'2'.repeat(56)}`, kinds: [], sources: ['acme'] };
const app = { label: 'app', sha256: '3'.repeat(64) };

/** Four lists, an hour between two: the second is the first that lacks `tv`, and the third is no list and lacks `web`. */
async function changeFourTimes() {
  const textOf = (...keys: readonly object[]) => JSON.stringify({ keys });
  await local.client.send(new CreateSecretCommand({ Name: SecretId, SecretString: textOf(web, tv) }));
  for (const SecretString of [textOf(web), '[]', textOf(app)]) {
    local.clock.advance(3_600_000);
    await local.client.send(new PutSecretValueCommand({ SecretId, SecretString }));
  }
}

/** What is found of keys, by their first digits, each of which SDKs sent last at these times. Default one, a minute after the last change. */
const found = (digits: readonly string[], lasts: readonly string[] = ['2026-11-20T10:33:00.000Z']) =>
  readFormerKeys(
    { aws: local.options, stack: { service: 'sluice', stage: 'prod' } },
    {
      keys: { ...wellKeys, senders: [app.sha256], changedAt: CHANGED_AT },
      refusals: logged(
        ...lasts.flatMap((last) => digits.map((key) => answered('SLUICE_KEY_UNKNOWN', 3, { key, last }))),
        answered('SLUICE_KEY_NOT_FOR_EVENTS', 3, { key: 'web', last: lasts[0] }),
      ),
    },
  );

it('has each key as the newest list had it, until the next one', async () => {
  await changeFourTimes();
  expect(new Date(START).toISOString()).toBe('2026-11-20T07:32:00.000Z');
  const former: readonly FormerKey[] = [
    { ...web, kinds: ['exposures', 'events'], until: '2026-11-20T09:32:00.000Z' },
    { ...tv, kinds: [], until: '2026-11-20T08:32:00.000Z' },
  ];
  expect(await found(['9f86d081', '0a0b0c0d'])).toEqual(former);
});

it.each([
  { order: 'the newest first', lasts: ['2026-11-20T09:32:00.000Z', '2026-11-20T09:31:59.999Z'] },
  { order: 'the oldest first', lasts: ['2026-11-20T09:31:59.999Z', '2026-11-20T09:32:00.000Z'] },
])(
  'has a key that the list lost before its last change, refused then and before: $order',
  async ({ lasts }) => {
    await changeFourTimes();
    expect(await found(['9f86d081'], lasts)).toMatchObject([{ label: 'web' }]);
  },
);

it.each([
  { operation: 'ListSecretVersionIds', code: 'AccessDeniedException' },
  { operation: 'GetSecretValue', code: 'AccessDeniedException' },
  { operation: 'ListSecretVersionIds', code: 'ThrottlingException' },
])('throws $code of $operation, which a look tells', async ({ operation, code }) => {
  await changeFourTimes();
  local.faults.set({
    secretsmanager: [{ fault: 'failCalls', calls: 'all', operations: [operation], code }],
  });
  await expect(found(['9f86d081'])).rejects.toMatchObject({ name: code });
  // Nobody asks while no unknown key is refused.
  expect(await found([])).toEqual([]);
});

it.each([
  { what: 'that no list had', digits: ['44444444'] },
  { what: 'that is in the list', digits: ['33333333'] },
  {
    what: 'that was refused only before the list lost it',
    digits: ['9f86d081'],
    lasts: ['2026-11-20T09:31:59.999Z'],
  },
])('has no key $what', async ({ digits, lasts }) => {
  await changeFourTimes();
  expect(await found(digits, lasts)).toEqual([]);
});
