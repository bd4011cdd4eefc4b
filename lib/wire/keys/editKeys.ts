import { defineErrorFamily } from '../../base/errors.ts';
import type { AcceptedKey } from '../../schema/AcceptedKey.ts';
import { KeysError, readKey, readKeyring } from './Keyring.ts';

/** A key to add; what it leaves out has the defaults of AcceptedKey. */
export interface KeyEntry {
  readonly label: string;
  readonly sha256: string;
  readonly environment?: string;
  readonly kinds?: readonly string[];
  readonly sources?: readonly string[];
}

/**
 * The keys of the secret, for whoever edits them.
 *
 * @throws KeyListError `SLUICE_KEYS_UNREADABLE` also for a single entry that can't be read: to write the list
 *   again without it would throw it away.
 */
export function listedKeys(text: string): readonly AcceptedKey[] {
  try {
    const { keys, problems } = readKeyring(text);
    if (problems.length === 0) return keys;
    throw new KeyListError('SLUICE_KEYS_UNREADABLE', problems.join(' '));
  } catch (error) {
    if (error instanceof KeysError) throw new KeyListError('SLUICE_KEYS_UNREADABLE', error.detail);
    throw error;
  }
}

/**
 * The secret's text with one more key.
 *
 * @throws KeyListError `SLUICE_KEYS_ENTRY_INVALID`, `SLUICE_KEYS_KNOWN`, `SLUICE_KEYS_UNREADABLE`
 */
export function addKey(text: string, entry: KeyEntry): string {
  const key = readKey(entry);
  if (!('label' in key)) throw new KeyListError('SLUICE_KEYS_ENTRY_INVALID', `${key.join('; ')}.`);
  const keys = listedKeys(text);
  const known = keys.find(({ sha256 }) => sha256 === key.sha256);
  if (known !== undefined) throw new KeyListError('SLUICE_KEYS_KNOWN', `Its label is ${known.label}.`);
  return JSON.stringify({ keys: [...keys, key] });
}

/**
 * The secret's text without one key.
 *
 * @param sha256 The first digits of its hash, needed where several share the label; '' for none.
 * @throws KeyListError `SLUICE_KEYS_NOT_FOUND`, `SLUICE_KEYS_AMBIGUOUS`, `SLUICE_KEYS_UNREADABLE`
 */
export function removeKey(text: string, label: string, sha256: string): string {
  const keys = listedKeys(text);
  const meant = keys.filter((key) => key.label === label && key.sha256.startsWith(sha256.toLowerCase()));
  if (meant.length === 0) throw new KeyListError('SLUICE_KEYS_NOT_FOUND', `Label ${label}.`);
  if (meant.length > 1) {
    const hashes = meant.map((key) => key.sha256.slice(0, 8)).join(', ');
    throw new KeyListError('SLUICE_KEYS_AMBIGUOUS', `Label ${label}: ${hashes}.`);
  }
  return JSON.stringify({ keys: keys.filter((key) => key !== meant[0]) });
}

/** A secret's text and which version it is. */
export interface VersionedText {
  readonly text: string;
  readonly version: string;
}

/** The keys' secret as `sluice keys` works on it. */
export interface KeysSecret {
  read(): Promise<VersionedText>;
  /** Puts a new text where `version` is still the current one; false, and nothing changed, when it isn't. */
  replace(text: string, version: string): Promise<boolean>;
}

/** Why the list of keys could not be changed. */
export const KeyListError = defineErrorFamily('user', {
  SLUICE_KEYS_NO_SECRET: {
    cause: 'There is no secret for keys under this name.',
    cure: 'Deploy first, then name the same --stage and --region; or give its name with --secret.',
  },
  SLUICE_KEYS_REFUSED: {
    cause: 'AWS did not let us.',
    cure: 'Use credentials that may secretsmanager:GetSecretValue, PutSecretValue and UpdateSecretVersionStage on the secret.',
  },
  SLUICE_KEYS_BUSY: {
    cause: 'Somebody else keeps changing the keys at the same time.',
    cure: 'Run the command again.',
  },
  SLUICE_KEYS_KNOWN: {
    cause: 'This key is in the list already.',
    cure: 'Remove it first to give it another label, environment, kinds or sources.',
  },
  SLUICE_KEYS_NOT_FOUND: {
    cause: 'There is no such key in the list.',
    cure: '`sluice keys list` shows what is there; keys of sluice.config.ts are removed there.',
  },
  SLUICE_KEYS_AMBIGUOUS: {
    cause: 'Several keys have this label.',
    cure: 'Say which with --sha256: the first digits of its SHA-256 are enough.',
  },
  SLUICE_KEYS_NOT_AN_SDK_KEY: {
    cause: 'This is no SDK key.',
    cure: 'Give a client-… or secret-… key on stdin, e.g. printf %s "$KEY" | sluice keys add web.',
  },
  SLUICE_KEYS_ENTRY_INVALID: {
    cause: 'The key can not be listed like that.',
    cure: 'Mend what is named.',
  },
  SLUICE_KEYS_UNREADABLE: {
    cause: 'The secret does not hold a list of keys, so it is left alone.',
    cure: 'Mend what is named, in the console or with `aws secretsmanager put-secret-value`.',
  },
});
