import { hash } from 'node:crypto';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { temporaryDirectory, writeConfig } from '../harness/temporaryDirectory.ts';
import { wordsOf } from '../harness/wordsOf.ts';
import { type KeysCommand, SECRET, startKeysCommand } from './startKeysCommand.ts';

const directory = temporaryDirectory();
let command: KeysCommand;
beforeEach(async () => {
  command = await startKeysCommand();
});
afterEach(() => command.close());
afterAll(directory.remove);

/** A key of a client, and what the secret has of it. */
const KEY = 'client-a1b2c3';
const SHA256 = hash('sha256', KEY);
/** The entry of a key that was added without options. */
const WEB = { label: 'web', sha256: SHA256, kinds: ['exposures', 'events'] };
/** The entry of another key under the same label. */
const OTHER = { ...WEB, sha256: 'f'.repeat(64) };
/** A configuration with the stage `prod`. */
const PROD = { SLUICE_CONFIG: 'test/fixtures/config/prod.config.ts' };

/** Runs `sluice keys` with a key on stdin. */
const keys = (args: readonly string[], stdin = '') => command.run(args, { stdin });
/** Adds {@link KEY} under the label `web`. */
async function addWeb(...options: readonly string[]): Promise<void> {
  const { code, stderr } = await keys(['add', 'web', ...options], KEY);
  if (code !== 0) throw new Error(stderr);
}

describe('sluice keys add', () => {
  it('stores the hash of the key with what it may send', async () => {
    const added = await keys(['add', 'web', '--environment', 'staging', '--kinds', 'exposures'], `${KEY}\n`);
    expect(added).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('Added web') });
    const entry = { label: 'web', sha256: SHA256, environment: 'staging', kinds: ['exposures'] };
    expect(await command.stored()).toEqual({ keys: [entry] });
  });

  it('neither stores nor prints the key itself', async () => {
    const { stdout, stderr } = await keys(['add', 'web'], KEY);
    expect(JSON.stringify(command.secrets.all()) + stdout + stderr).not.toContain(KEY);
  });

  it('takes a hash in place of the key', async () => {
    await keys(['add', 'web', '--sha256', 'F'.repeat(64)]);
    expect(await command.stored()).toEqual({ keys: [OTHER] });
  });

  it('adds a key that may only start an ingest of sources', async () => {
    const secret = 'secret-of-acme';
    await keys(['add', 'acme', '--sources', 'acme,acme-eu'], secret);
    const entry = { label: 'acme', sha256: hash('sha256', secret), kinds: [], sources: ['acme', 'acme-eu'] };
    expect(await command.stored()).toEqual({ keys: [entry] });
  });

  it.each([
    { what: 'a key of a client', key: 'client-app', sources: 'acme' },
    { what: 'a name that no source can have', key: 'secret-app', sources: 'Acme' },
    { what: 'no name', key: 'secret-app', sources: '' },
  ])('refuses $what for the start of an ingest', async ({ key, sources }) => {
    const { code, stderr } = await keys(['add', 'app', '--sources', sources], key);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/SLUICE_KEYS_ENTRY_INVALID.*sources: expected/),
    });
    expect(await command.stored()).toEqual({ keys: [] });
  });

  it('writes to the secret of the stage alone', async () => {
    await command.client.send(
      new CreateSecretCommand({ Name: 'sluice-prod-keys', SecretString: '{"keys":[]}' }),
    );
    await command.run(['add', 'web', '--stage', 'prod'], { stdin: KEY, env: PROD });
    expect(await command.stored('sluice-prod-keys')).toEqual({ keys: [WEB] });
    expect(await command.stored()).toEqual({ keys: [] });
  });

  it('names the secret of a stage that is not deployed', async () => {
    const { code, stderr } = await command.run(['add', 'web', '--stage', 'prod'], { stdin: KEY, env: PROD });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringMatching(/SLUICE_KEYS_NO_SECRET.*sluice-prod-keys/s),
    });
  });

  it('keeps keys that somebody else adds between its read and its write', async () => {
    expect(await command.runBeside(2, ['add', 'web'], { stdin: KEY })).toMatchObject({ code: 0 });
    const { keys: stored } = await command.stored();
    expect(stored.map(({ label }) => label)).toEqual(['other-1', 'other-2', 'web']);
  });

  it('gives up by name when somebody else is faster every time', async () => {
    const { code, stderr } = await command.runBeside(100, ['add', 'web'], { stdin: KEY });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('SLUICE_KEYS_BUSY') });
    const { keys: stored } = await command.stored();
    expect(stored.map(({ label }) => label)).not.toContain('web');
  });

  it('refuses a key that is there under another label', async () => {
    await addWeb();
    expect((await keys(['add', 'app'], KEY)).stderr).toContain('SLUICE_KEYS_KNOWN');
  });

  it('leaves a list alone that has an entry which is not valid', async () => {
    const SecretString = `{"keys":[{"label":"x","sha256":"${SHA256}","kind":1}]}`;
    await command.client.send(new PutSecretValueCommand({ SecretId: SECRET, SecretString }));
    const { stderr } = await keys(['add', 'app'], 'client-other');
    expect(stderr).toMatch(/SLUICE_KEYS_UNREADABLE.*x: no such member as kind/);
    expect(await command.stored()).toEqual(JSON.parse(SecretString));
  });
});

describe('sluice keys list', () => {
  it('lists the keys of the configuration, and then those of the secret', async () => {
    await addWeb('--environment', 'staging', '--kinds', 'exposures');
    await keys(['add', 'acme', '--sources', 'acme'], 'secret-acme');
    const env = { SLUICE_CONFIG: 'test/fixtures/config/keys.config.ts' };
    const { stdout } = await command.run(['list', '--json'], { env });
    expect(JSON.parse(stdout).keys).toEqual([
      expect.objectContaining({ label: 'shop', kinds: 'events', from: 'configuration' }),
      {
        label: 'web',
        sha256: SHA256,
        environment: 'staging',
        kinds: 'exposures',
        sources: '',
        from: 'secret',
      },
      expect.objectContaining({ label: 'acme', environment: '', kinds: '', sources: 'acme', from: 'secret' }),
    ]);
  });

  it('lists a key without kinds as one of all kinds', async () => {
    await addWeb();
    const { stdout } = await keys(['list', '--json']);
    expect(JSON.parse(stdout).keys).toMatchObject([{ label: 'web', kinds: 'exposures,events' }]);
  });

  it('prints a table for people, and which other keys the local cloud takes', async () => {
    await addWeb();
    const { stdout, stderr } = await keys(['list']);
    expect(stdout).toMatch(/^label {2}sha256 +environment {2}kinds +sources {2}from *\n/);
    expect(stderr).toContain('any client-… or secret-… key');
  });

  it('says so where the configuration takes any key', async () => {
    const { stderr } = await keys(['list']);
    expect(stderr).not.toContain('allowAnyKey');
    const env = { SLUICE_CONFIG: writeConfig(directory.path, { bucket: 'acme', allowAnyKey: true }) };
    expect((await command.run(['list'], { env })).stderr).toContain('allowAnyKey');
  });

  it('says that AWS refuses the credentials', async () => {
    const { code, stderr } = await command.run(['list'], { env: { AWS_SECRET_ACCESS_KEY: 'wrong' } });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('SLUICE_AWS_FAILED') });
  });
});

describe('sluice keys set', () => {
  it('changes the kinds of a key, and keeps its environment', async () => {
    await addWeb('--kinds', 'exposures', '--environment', 'staging');
    const changed = await keys(['set', 'web', '--kinds', 'exposures,events']);
    expect(changed).toMatchObject({ code: 0, stderr: expect.stringContaining('Changed web') });
    const kinds = ['exposures', 'events'];
    expect(await command.stored()).toEqual({
      keys: [{ label: 'web', sha256: SHA256, environment: 'staging', kinds }],
    });
  });

  it.each([
    {
      what: 'a kind that does not exist',
      line: 'web --kinds clicks',
      exitCode: 1,
      error: 'SLUICE_KEYS_ENTRY_INVALID',
    },
    {
      what: 'a label that no key has',
      line: 'app --kinds events',
      exitCode: 1,
      error: 'SLUICE_KEYS_NOT_FOUND',
    },
    { what: 'nothing to change', line: 'web', exitCode: 2, error: 'SLUICE_USAGE_OPTIONS' },
  ])('refuses $what', async ({ line, exitCode, error }) => {
    await addWeb();
    const { code, stderr } = await keys(['set', ...wordsOf(line)]);
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: expect.stringContaining(error) });
    expect(await command.stored()).toEqual({ keys: [WEB] });
  });
});

describe('sluice keys remove', () => {
  it('removes the key of a label', async () => {
    await addWeb();
    expect((await keys(['remove', 'web'])).code).toBe(0);
    expect(await command.stored()).toEqual({ keys: [] });
  });

  it('asks for digits of the hash where two keys have the label', async () => {
    await addWeb();
    await keys(['add', 'web', '--sha256', 'f'.repeat(64)]);
    const { code, stderr } = await keys(['remove', 'web']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('SLUICE_KEYS_AMBIGUOUS') });
  });

  it('removes the key of a label whose hash begins with the digits', async () => {
    await addWeb();
    await keys(['add', 'web', '--sha256', 'f'.repeat(64)]);
    expect((await keys(['remove', 'web', '--sha256', SHA256.slice(0, 8)])).code).toBe(0);
    expect(await command.stored()).toEqual({ keys: [OTHER] });
  });
});

describe('sluice keys', () => {
  it.each([
    { line: 'add web', stdin: 'my-password', exitCode: 1, message: 'SLUICE_KEYS_NOT_AN_SDK_KEY' },
    { line: 'add web', stdin: SHA256, exitCode: 1, message: 'give that with --sha256' },
    { line: "add 'w b'", stdin: KEY, exitCode: 1, message: 'label: expected a label' },
    {
      line: 'add web --stage gone',
      stdin: KEY,
      exitCode: 1,
      message: 'SLUICE_CONFIG_STAGE_UNKNOWN',
    },
    { line: 'add', stdin: '', exitCode: 2, message: 'SLUICE_USAGE_ARGUMENTS' },
    {
      line: 'list --kinds events',
      stdin: '',
      exitCode: 2,
      message: '--kinds: not an option of list, but of add, set.',
    },
  ])(
    '"$line" with "$stdin" on stdin exits $exitCode: $message',
    async ({ line, stdin, exitCode, message }) => {
      const { code, stdout, stderr } = await keys(wordsOf(line), stdin);
      expect({ code, stdout, stderr }).toEqual({
        code: exitCode,
        stdout: '',
        stderr: expect.stringContaining(message),
      });
      expect(stderr).not.toContain('my-password');
      expect(await command.stored()).toEqual({ keys: [] });
    },
  );
});
