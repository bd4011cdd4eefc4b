import type { AcceptedKey } from '../../schema/AcceptedKey.ts';
import { KeyListError } from './KeyListError.ts';
import { KeysError } from './KeysError.ts';
import { readKey } from './readKey.ts';
import { readKeyring } from './readKeyring.ts';

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
