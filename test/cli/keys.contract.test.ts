import { hash } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startSecretsManager } from '../../packages/local-aws/src/testing/startSecretsManager.ts';
import { callMain, keysEnvironment } from '../harness/callMain.ts';

let local: Awaited<ReturnType<typeof startSecretsManager>>;
beforeEach(async () => {
  local = await startSecretsManager();
  await local.client.send(
    new CreateSecretCommand({ Name: 'sluice-local-keys', SecretString: '{"keys":[]}' }),
  );
});
afterEach(() => local.close());

const keys = (args: readonly string[], stdin = '', env: Readonly<Record<string, string>> = {}) =>
  callMain(['keys', ...args], { stdin, env: { ...keysEnvironment(local.options.endpoint), ...env } });

async function stored(SecretId = 'sluice-local-keys') {
  const { SecretString = '' } = await local.client.send(new GetSecretValueCommand({ SecretId }));
  return JSON.parse(SecretString);
}

const KEY = 'client-a1b2c3';
const SHA256 = hash('sha256', KEY);

describe('sluice keys', () => {
  it('adds, lists and removes keys by their hash only, and lists those of the configuration', async () => {
    const added = await keys(['add', 'web', '--environment', 'staging', '--kinds', 'exposures'], `${KEY}\n`);
    expect(added).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Added web') });
    const entry = { label: 'web', sha256: SHA256, environment: 'staging', kinds: ['exposures'] };
    expect(await stored()).toEqual({ keys: [entry] });
    expect(JSON.stringify(local.secrets.all()) + added.stderr).not.toContain(KEY);

    expect((await keys(['add', 'web', '--sha256', 'F'.repeat(64)])).code).toBe(0);
    const SLUICE_CONFIG = 'test/fixtures/config/keys.config.ts';
    const listed = await keys(['list', '--json'], '', { SLUICE_CONFIG });
    expect(JSON.parse(listed.stdout).keys).toEqual([
      expect.objectContaining({ label: 'shop', kinds: 'events', from: 'configuration' }),
      { ...entry, kinds: 'exposures', sources: '', from: 'secret' },
      {
        label: 'web',
        sha256: 'f'.repeat(64),
        environment: '',
        kinds: 'exposures,events',
        sources: '',
        from: 'secret',
      },
    ]);
    const text = await keys(['list']);
    expect(text.stdout).toMatch(/^label {2}sha256 +environment {2}kinds +sources {2}from *\n/);
    expect(text.stderr).toContain('any client-… or secret-… key');

    const which = await keys(['remove', 'web']);
    expect(which).toMatchObject({ code: 1, stderr: expect.stringContaining('SLUICE_KEYS_AMBIGUOUS') });
    expect((await keys(['remove', 'web', '--sha256', SHA256.slice(0, 8)])).code).toBe(0);
    expect((await stored()).keys).toEqual([expect.objectContaining({ sha256: 'f'.repeat(64) })]);
  });

  it('changes what a key may send, without the key', async () => {
    expect((await keys(['add', 'web', '--kinds', 'exposures', '--environment', 'staging'], KEY)).code).toBe(
      0,
    );
    const changed = await keys(['set', 'web', '--kinds', 'exposures,events']);
    expect(changed).toMatchObject({ code: 0, stderr: expect.stringContaining('Changed web') });
    const kinds = ['exposures', 'events'];
    expect((await stored()).keys).toEqual([{ label: 'web', sha256: SHA256, environment: 'staging', kinds }]);
  });

  it.each([
    ['a kind that there is not', ['web', '--kinds', 'clicks'], 1, 'SLUICE_KEYS_ENTRY_INVALID'],
    ['a label that there is not', ['app', '--kinds', 'events'], 1, 'SLUICE_KEYS_NOT_FOUND'],
    ['nothing to change', ['web'], 2, 'SLUICE_USAGE_OPTIONS'],
  ])('refuses to change a key with %s', async (_, args, code, error) => {
    expect((await keys(['add', 'web'], KEY)).code).toBe(0);
    expect(await keys(['set', ...args])).toMatchObject({ code, stderr: expect.stringContaining(error) });
  });

  it('adds keys for the trigger only or for both, and refuses client keys for the trigger', async () => {
    const secret = 'secret-of-acme';
    expect((await keys(['add', 'acme', '--sources', 'acme,acme-eu'], secret)).code).toBe(0);
    expect((await keys(['add', 'web'], KEY)).code).toBe(0);
    const entry = { label: 'acme', sha256: hash('sha256', secret), kinds: [], sources: ['acme', 'acme-eu'] };
    expect((await stored()).keys[0]).toEqual(entry);
    expect(JSON.parse((await keys(['list', '--json'])).stdout).keys).toMatchObject([
      { label: 'acme', kinds: '', sources: 'acme,acme-eu' },
      { label: 'web', kinds: 'exposures,events', sources: '' },
    ]);

    for (const sources of ['acme', 'Acme', '']) {
      const refused = await keys(['add', 'app', '--sources', sources], 'client-app');
      expect(refused).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('SLUICE_KEYS_ENTRY_INVALID'),
      });
      expect(refused.stderr).toContain('sources: expected');
    }
  });

  it('finds the secret by stage, and names one that is not there', async () => {
    const prod = { SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts' };
    const missing = await keys(['add', 'web', '--stage', 'prod'], KEY, prod);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('SLUICE_KEYS_NO_SECRET') });
    await local.client.send(
      new CreateSecretCommand({ Name: 'sluice-prod-keys', SecretString: '{"keys":[]}' }),
    );
    expect((await keys(['add', 'web', '--stage', 'prod'], KEY, prod)).code).toBe(0);
    expect(await stored('sluice-prod-keys')).toEqual({ keys: [expect.objectContaining({ sha256: SHA256 })] });
    expect(await stored()).toEqual({ keys: [] });
  });

  /** Adds a key through a wire on which somebody else adds others, each before the command's own is current. */
  async function addBeside(others: number, words = ['add', 'web']) {
    let added = 0;
    const wire = createServer(async (request, response) => {
      const body = await buffer(request);
      const { url: path, method, headers } = request;
      if (String(headers['x-amz-target']).endsWith('.UpdateSecretVersionStage') && added < others) {
        added += 1;
        await put(listOf(...(await stored()).keys, entry(`other-${added}`)));
      }
      const { port } = new URL(local.options.endpoint);
      const passed = httpRequest({ host: '127.0.0.1', port, path, method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(response);
      });
      passed.end(body);
    });
    await new Promise<void>((resolve) => wire.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = wire.address() as AddressInfo;
      const env = keysEnvironment(`http://127.0.0.1:${port}`);
      return await callMain(['keys', ...words], { stdin: KEY, env });
    } finally {
      wire.close();
      wire.closeAllConnections();
    }
  }

  it('keeps keys that somebody else adds between its read and its write', async () => {
    expect(await addBeside(2)).toMatchObject({ code: 0 });
    const labels = (await stored()).keys.map(({ label }: { label: string }) => label);
    expect(labels).toEqual(['other-1', 'other-2', 'web']);
  });

  it('gives up by name when somebody else is faster every time', async () => {
    const { code, stderr } = await addBeside(100);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('SLUICE_KEYS_BUSY') });
    expect((await stored()).keys).not.toContainEqual(expect.objectContaining({ label: 'web' }));
  });

  const put = (SecretString: string, stage = 'AWSCURRENT') =>
    local.client.send(
      new PutSecretValueCommand({ SecretId: 'sluice-local-keys', SecretString, VersionStages: [stage] }),
    );
  /** Labels, of earlier versions with a plus. */
  const restored = async (...args: readonly string[]) => {
    const { stdout } = await keys(['restore', '--json', ...args]);
    const rows: readonly Record<string, string>[] = JSON.parse(stdout).keys;
    return rows.map(({ label, from }) => (from === 'secret' ? label : `+${label}`)).join();
  };
  const entry = (label: string) => ({ label, sha256: hash('sha256', label) });
  const listOf = (...all: readonly object[]) => JSON.stringify({ keys: all });

  it('restores the version before, else the newest that was current, and one with keys first', async () => {
    await put('[]');
    expect(await restored()).toBe('');
    expect(await stored()).toEqual({ keys: [] });
    await keys(['add', 'web'], KEY);
    for (const broken of ['[]', '{"keys":{}}', listOf({ label: 'web' })]) await put(broken);
    // A version that was current has no label of one that is to come.
    expect(await restored('--dry-run')).toBe('+web');
    await put(listOf(entry('pending')), 'AWSPENDING');
    expect(await restored('--dry-run')).toBe('+web');
    expect(await restored()).toBe('+web');
    expect(await restored()).toBe('web');
    await put(listOf());
    expect(await restored()).toBe('+web');
    expect(await restored()).toBe('web');
    await local.client.send(new CreateSecretCommand({ Name: 'sluice-prod-keys', SecretString: 'none' }));
    const prod = { SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts' };
    const none = await keys(['restore', '--stage', 'prod'], '', prod);
    expect(none.stderr).toContain('SLUICE_KEYS_UNREADABLE: ');
  });

  it('restores an entry that is not valid, and neither loses nor brings back others', async () => {
    await put(listOf(entry('leaked'), entry('web'), entry('app')));
    const broken = [{ label: 'web' }, { ...entry('app'), label: '' }, { label: 'new' }];
    await put(listOf(entry('shop'), ...broken));
    await local.client.send(new DeleteSecretCommand({ SecretId: 'sluice-local-keys' }));
    expect(await restored('--dry-run')).toBe('');
    // AWS does not show the keys: no table says that none come back.
    const hidden = await keys(['restore', '--dry-run', '--json']);
    expect(JSON.parse(hidden.stdout)).toMatchObject({ isHidden: true, keys: [], problems: [] });
    expect(await keys(['restore', '--dry-run'])).toMatchObject({ code: 0, stdout: '' });
    expect(await restored()).toBe('shop,+web,+app');
    expect(await restored()).toBe('shop,web,app');
    await put(listOf(entry('shop'), {}));
    const { stderr } = await addBeside(1, ['restore']);
    expect(stderr).toContain('SLUICE_KEYS_BUSY');
  });

  it.each([
    { args: ['add', 'web'], stdin: 'my-password', code: 1, message: 'SLUICE_KEYS_NOT_AN_SDK_KEY' },
    { args: ['add', 'web'], stdin: SHA256, code: 1, message: 'give that with --sha256' },
    { args: ['add', 'w b'], stdin: KEY, code: 1, message: 'label: expected a label' },
    { args: ['add', 'web', '--stage', 'gone'], stdin: KEY, code: 1, message: 'SLUICE_CONFIG_STAGE_UNKNOWN' },
    { args: ['remove', 'web'], stdin: '', code: 1, message: 'SLUICE_KEYS_NOT_FOUND' },
    { args: ['add'], stdin: '', code: 2, message: 'SLUICE_USAGE_ARGUMENTS' },
    {
      args: ['list', '--kinds', 'events'],
      stdin: '',
      code: 2,
      message: '--kinds: not an option of list, but of add, set.',
    },
  ])('$args with $stdin on stdin exits $code: $message', async ({ args, stdin, code, message }) => {
    const result = await keys(args, stdin);
    expect(result).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) });
    expect(result.stderr).not.toContain('my-password');
    expect(await stored()).toEqual({ keys: [] });
  });

  it('refuses a duplicate key, credentials without permission, and an invalid list', async () => {
    await keys(['add', 'web'], KEY);
    expect((await keys(['add', 'app'], KEY)).stderr).toContain('SLUICE_KEYS_KNOWN');
    const denied = await keys(['list'], '', { AWS_SECRET_ACCESS_KEY: 'wrong' });
    expect(denied).toMatchObject({ code: 1, stderr: expect.stringContaining('SLUICE_AWS_FAILED') });
    const SecretString = `{"keys":[{"label":"x","sha256":"${SHA256}","kind":1}]}`;
    await put(SecretString);
    const unreadable = await keys(['add', 'app'], 'client-other');
    expect(unreadable.stderr).toMatch(/SLUICE_KEYS_UNREADABLE.*x: no such member as kind/);
    expect(await stored()).toEqual(JSON.parse(SecretString));
  });
});
