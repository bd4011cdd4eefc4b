import { hash } from 'node:crypto';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type KeysCommand, SECRET, startKeysCommand } from './startKeysCommand.ts';

let command: KeysCommand;
beforeEach(async () => {
  command = await startKeysCommand();
});
afterEach(() => command.close());

/** An entry under a label, with a SHA-256 of its own. */
const entry = (label: string) => ({ label, sha256: hash('sha256', label) });
/** The text of a list. */
const listOf = (...entries: readonly object[]) => JSON.stringify({ keys: entries });
/** Writes a version of the secret, a second after the one before. @param stage Its label: `AWSPENDING` of one that never became current. */
function put(SecretString: string, stage = 'AWSCURRENT') {
  command.clock.advance(1_000);
  return command.client.send(
    new PutSecretValueCommand({ SecretId: SECRET, SecretString, VersionStages: [stage] }),
  );
}

/** The labels that `keys restore` lists, those of earlier versions with a plus. */
async function restored(...options: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await command.run(['restore', '--json', ...options]);
  const rows: readonly { readonly label: string; readonly from: string }[] = JSON.parse(stdout).keys;
  return rows.map(({ label, from }) => (from === 'secret' ? label : `+${label}`));
}

describe('sluice keys restore', () => {
  it('makes an empty list of a text that is none if the version before was empty', async () => {
    await put('[]');
    expect(await restored()).toEqual([]);
    expect(await command.stored()).toEqual({ keys: [] });
  });

  it.each([
    { what: 'no object', broken: '[]' },
    { what: 'an object without a list', broken: '{"keys":{}}' },
    { what: 'a list of an entry without its key', broken: listOf({ label: 'web' }) },
  ])('brings back the list before $what', async ({ broken }) => {
    await put(listOf(entry('web')));
    await put(broken);
    expect(await restored()).toEqual(['+web']);
    expect(await command.stored()).toEqual({ keys: [expect.objectContaining(entry('web'))] });
  });

  it('goes back over versions without a key to one that has some', async () => {
    await put(listOf(entry('web')));
    for (const empty of [listOf(), '[]', '{"keys":{}}']) await put(empty);
    expect(await restored()).toEqual(['+web']);
  });

  it('brings back the keys before an empty list', async () => {
    await put(listOf(entry('web')));
    await put(listOf());
    expect(await restored()).toEqual(['+web']);
  });

  it('brings back before an empty list what the version before it only meant', async () => {
    await put(listOf(entry('web'), entry('shop')));
    await put(listOf(entry('shop'), { label: 'web' }));
    await put(listOf());
    expect(await restored()).toEqual(['+shop', '+web']);
  });

  it('brings back the newest of more versions than it reads', async () => {
    for (let n = 1; n <= 12; n += 1) await put(listOf(entry(`web-${n}`)));
    await put('[]');
    expect(await restored()).toEqual(['+web-12']);
  });

  it('brings back nothing of a version that never was current', async () => {
    await put(listOf(entry('web')));
    // The version before the current one is read first, whenever it was written: here it has no key.
    await put('[]');
    await put('[]');
    await put(listOf(entry('pending')), 'AWSPENDING');
    expect(await restored()).toEqual(['+web']);
  });

  it('changes nothing of a valid list with keys', async () => {
    await put(listOf(entry('leaked'), entry('web')));
    await put(listOf(entry('web')));
    expect(await restored()).toEqual(['web']);
    expect(await command.stored()).toEqual({ keys: [entry('web')] });
  });

  it('brings back the keys that entries mean by their label or their SHA-256, and no others', async () => {
    await put(listOf(entry('leaked'), entry('web'), entry('app')));
    await put(listOf(entry('shop'), { label: 'web' }, { ...entry('app'), label: '' }, { label: 'new' }));
    expect(await restored()).toEqual(['shop', '+web', '+app']);
    expect(await restored()).toEqual(['shop', 'web', 'app']);
  });

  it('brings back no key that a valid list since then no longer had', async () => {
    await put(listOf(entry('leaked'), entry('shop')));
    await put(listOf(entry('shop')));
    await put(listOf(entry('shop'), { label: 'leaked' }));
    expect(await restored()).toEqual(['shop']);
  });

  it('goes on to the version before one that is not valid itself', async () => {
    await put(listOf(entry('web'), entry('shop')));
    await put(listOf(entry('shop'), {}));
    await put(listOf(entry('shop'), { label: 'web' }));
    expect(await restored()).toEqual(['shop', '+web']);
  });

  it('brings back one of two keys under a label beside the other', async () => {
    const other = { ...entry('web'), sha256: hash('sha256', 'other') };
    await put(listOf(entry('web'), other));
    await put(listOf(other, { label: 'web' }));
    expect(await restored()).toEqual(['web', '+web']);
    expect(await command.stored()).toMatchObject({ keys: [other, entry('web')] });
  });

  it('says what is not valid', async () => {
    await put(listOf(entry('shop'), { label: 'new' }));
    const { stdout, stderr } = await command.run(['restore', '--json']);
    expect(JSON.parse(stdout).problems).toEqual([expect.stringContaining('new')]);
    expect(stderr).toContain('Not valid: ');
  });

  it('takes no label within another member for the label of an entry', async () => {
    await put(listOf(entry('leaked'), entry('shop')));
    await put(listOf(entry('shop'), { label: '', was: { label: 'leaked' } }));
    expect(await restored()).toEqual(['shop']);
  });

  it.each([
    { what: 'no object', broken: '[]', labels: ['+web'] },
    {
      what: 'a list with an entry without its key',
      broken: listOf(entry('shop'), { label: 'web' }),
      labels: ['shop', '+web'],
    },
  ])('says what a dry run would bring back to $what, and changes nothing', async ({ broken, labels }) => {
    await put(listOf(entry('web')));
    await put(broken);
    expect(await restored('--dry-run')).toEqual(labels);
    expect(await command.stored()).toEqual(JSON.parse(broken));
  });

  it('takes back the deletion of the secret', async () => {
    await put(listOf(entry('web')));
    await command.client.send(new DeleteSecretCommand({ SecretId: SECRET }));
    expect(await restored()).toEqual(['web']);
    expect(await command.stored()).toEqual({ keys: [entry('web')] });
  });

  it('says in each dry run that AWS does not show the keys of a secret, which stays to be deleted', async () => {
    await put(listOf(entry('web')));
    await command.client.send(new DeleteSecretCommand({ SecretId: SECRET }));
    for (let runs = 0; runs < 2; runs += 1) {
      const { stdout } = await command.run(['restore', '--dry-run', '--json']);
      expect(JSON.parse(stdout)).toEqual({ dryRun: true, isHidden: true, keys: [], problems: [] });
    }
  });

  it('prints no table of keys that AWS does not show', async () => {
    await command.client.send(new DeleteSecretCommand({ SecretId: SECRET }));
    const { code, stdout } = await command.run(['restore', '--dry-run']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  it('refuses a secret of which no version is a list', async () => {
    await command.client.send(new CreateSecretCommand({ Name: 'sluice-prod-keys', SecretString: 'none' }));
    const env = { SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts' };
    const { code, stderr } = await command.run(['restore', '--stage', 'prod'], { env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining('SLUICE_KEYS_UNREADABLE: '),
    });
  });

  it('gives up by name if somebody else changes the list meanwhile', async () => {
    await put(listOf(entry('shop'), {}));
    const { stderr } = await command.runBeside(1, ['restore']);
    expect(stderr).toContain('SLUICE_KEYS_BUSY');
  });
});
