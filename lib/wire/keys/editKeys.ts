import { defineErrorFamily } from '../../base/errors.ts';
import { type AcceptedKey, ANY_KEY, ANY_KEY_TAKEN } from '../../schema/AcceptedKey.ts';
import { KeysError, readKey, readKeyring } from './Keyring.ts';

/** A key to add. Members that it leaves out have the defaults of AcceptedKey. */
export interface KeyEntry {
  /** A name for people; not unique. */
  readonly label: string;
  /** Lower-case hex SHA-256 of the key. */
  readonly sha256: string;
  /** `environment` of events without a tier. */
  readonly environment?: string;
  /** Kinds of events that it may send. */
  readonly kinds?: readonly string[];
  /** Names of the sources that it may start. */
  readonly sources?: readonly string[];
}

/** Which key of the secret is meant. */
export interface NamedKey {
  /** The label of the key. */
  readonly label: string;
  /** The first digits of the key's hash, needed if several keys share the label; '' for none. */
  readonly sha256: string;
}

/**
 * The keys of the secret, for commands that edit them.
 *
 * @throws KeyListError `SLUICE_KEYS_UNREADABLE` even when only one entry cannot be read: writing the list back would
 *   delete that entry.
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
  const key = validKey(entry);
  // One that is in the secret already goes on: nobody is to be locked out.
  if (key.label === ANY_KEY)
    throw new KeyListError('SLUICE_KEYS_ENTRY_INVALID', `label: expected ${ANY_KEY_TAKEN}.`);
  const keys = listedKeys(text);
  const known = keys.find(({ sha256 }) => sha256 === key.sha256);
  if (known !== undefined) throw new KeyListError('SLUICE_KEYS_KNOWN', `Its label is ${known.label}.`);
  return JSON.stringify({ keys: [...keys, key] });
}

/**
 * The secret's text with other members of one key.
 *
 * @throws KeyListError `SLUICE_KEYS_ENTRY_INVALID`, `SLUICE_KEYS_NOT_FOUND`, `SLUICE_KEYS_AMBIGUOUS`,
 *   `SLUICE_KEYS_UNREADABLE`
 */
export function changeKey(
  text: string,
  named: NamedKey,
  members: Omit<KeyEntry, 'label' | 'sha256'>,
): string {
  const keys = listedKeys(text);
  const known = findKey(keys, named);
  const key = validKey({ ...known, ...members });
  return JSON.stringify({ keys: keys.map((other) => (other === known ? key : other)) });
}

/**
 * The secret's text without one key.
 *
 * @throws KeyListError `SLUICE_KEYS_NOT_FOUND`, `SLUICE_KEYS_AMBIGUOUS`, `SLUICE_KEYS_UNREADABLE`
 */
export function removeKey(text: string, named: NamedKey): string {
  const keys = listedKeys(text);
  const known = findKey(keys, named);
  return JSON.stringify({ keys: keys.filter((key) => key !== known) });
}

/** Reads an entry as collectors do. @throws KeyListError `SLUICE_KEYS_ENTRY_INVALID`. */
function validKey(entry: unknown): AcceptedKey {
  const key = readKey(entry);
  if ('label' in key) return key;
  throw new KeyListError('SLUICE_KEYS_ENTRY_INVALID', `${key.join('; ')}.`);
}

/** The key that is meant. @throws KeyListError `SLUICE_KEYS_NOT_FOUND`, `SLUICE_KEYS_AMBIGUOUS`. */
function findKey(keys: readonly AcceptedKey[], { label, sha256 }: NamedKey): AcceptedKey {
  const [first, ...others] = keys.filter(
    (key) => key.label === label && key.sha256.startsWith(sha256.toLowerCase()),
  );
  if (first === undefined) throw new KeyListError('SLUICE_KEYS_NOT_FOUND', `Label ${label}.`);
  if (others.length === 0) return first;
  const hashes = [first, ...others].map((key) => key.sha256.slice(0, 8)).join(', ');
  throw new KeyListError('SLUICE_KEYS_AMBIGUOUS', `Label ${label}: ${hashes}.`);
}

/** A secret's text and which version it is. */
interface VersionedText {
  /** The secret's text. */
  readonly text: string;
  /** The ID of that version. */
  readonly version: string;
  /** When that version was made, ISO 8601. */
  readonly createdAt?: string | undefined;
}

/** The secret with the keys, as `sluice keys` reads and writes it. */
export interface KeysSecret {
  /** Reads the current version. */
  read(): Promise<VersionedText>;
  /** Writes a new text if `version` is still the current one. Otherwise it changes nothing and returns false. */
  replace(text: string, version: string): Promise<boolean>;
}

/** Why the list of keys could not be changed. */
export const KeyListError = defineErrorFamily('user', {
  SLUICE_KEYS_NO_SECRET: {
    cause: 'No secret for keys has this name.',
    cure: 'Deploy first, then use the same --stage and --region.',
  },
  SLUICE_KEYS_BUSY: {
    cause: 'Somebody else is changing the keys.',
    cure: 'Run the command again.',
  },
  SLUICE_KEYS_KNOWN: {
    cause: 'This key is already in the list.',
    cure: '`sluice keys set` changes its environment, kinds or sources. To change its label, remove it first.',
  },
  SLUICE_KEYS_NOT_FOUND: {
    cause: 'This key is not in the list.',
    cure: '`sluice keys list` shows the list. To change or remove a key of the configuration, edit that and deploy.',
  },
  SLUICE_KEYS_AMBIGUOUS: {
    cause: 'Several keys have this label.',
    cure: 'Select one with --sha256. The first digits of its SHA-256 are enough.',
  },
  SLUICE_KEYS_NOT_AN_SDK_KEY: {
    cause: 'This is not an SDK key.',
    cure: 'Give a client-… or secret-… key on stdin, e.g. printf %s "$KEY" | sluice keys add web.',
  },
  SLUICE_KEYS_ENTRY_INVALID: {
    cause: 'The entry for the key is not valid.',
    cure: 'Correct the problem in the detail.',
  },
  SLUICE_KEYS_UNREADABLE: {
    cause: 'The secret is no valid list of keys.',
    cure: '`sluice keys restore` brings its last valid list back. Without one, write a list to the secret: docs/keys.md.',
  },
});
