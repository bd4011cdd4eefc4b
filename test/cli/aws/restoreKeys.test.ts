import { hash } from 'node:crypto';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, it } from '@jest/globals';
import { restoreKeys } from '../../../cli/aws/restoreKeys.ts';
import { answeredBy, named } from '../../harness/answering.ts';

// What comes back of which version: test/cli/keysRestore.contract.test.ts.
const entry = (label: string) => ({ label, sha256: hash('sha256', label) });
const listOf = (...entries: readonly object[]) => JSON.stringify({ keys: entries });

/**
 * Restores a secret.
 *
 * @param versions The texts of its versions, the newest first, which is the current one.
 * @param refusal What reading it throws until the secret is restored. Default: nothing.
 */
async function restored(versions: readonly string[], refusal?: Error) {
  const calls: string[] = [];
  let isRestored = refusal === undefined;
  const client = answeredBy(SecretsManagerClient, async ({ name, input }) => {
    calls.push(name);
    if (name === 'RestoreSecret') {
      await Promise.resolve();
      isRestored = true;
      return {};
    }
    if (!isRestored && refusal !== undefined) throw refusal;
    if (name !== 'ListSecretVersionIds') return { SecretString: versions[Number(input['VersionId'] ?? 0)] };
    return {
      Versions: versions.map((_, i) => ({
        VersionId: String(i),
        VersionStages: [['AWSCURRENT'], ['AWSPREVIOUS']][i],
        CreatedDate: new Date(1_000 * (versions.length - i)),
      })),
    };
  });
  const result = await restoreKeys(client, 'keys', false).catch((error: unknown) => error);
  return { calls, result };
}

describe('a secret that is restored', () => {
  it('is read as soon as its deletion is taken back', async () => {
    const { calls, result } = await restored([listOf(entry('web'))], named('InvalidRequestException'));
    expect(calls).toEqual(['GetSecretValue', 'RestoreSecret', 'GetSecretValue']);
    expect(result).toMatchObject({ isHidden: false, kept: [entry('web')], back: [], problems: [] });
  });

  it('is not restored if it may not be read', async () => {
    const denied = named('AccessDeniedException');
    expect(await restored([listOf(entry('web'))], denied)).toEqual({
      calls: ['GetSecretValue'],
      result: denied,
    });
  });

  it('of whose lists none has a valid entry is refused', async () => {
    const { result } = await restored([listOf({ label: 'web' }), listOf({ label: 'shop' })]);
    expect(result).toMatchObject({ code: 'SLUICE_KEYS_UNREADABLE' });
  });

  it('has no key twice that an entry means and another one has', async () => {
    const current = listOf(entry('web'), entry('shop'), { label: 'web' });
    const { result } = await restored([current, listOf(entry('web'))]);
    expect(result).toMatchObject({ kept: [entry('web'), entry('shop')], back: [] });
  });
});
