import { hash } from 'node:crypto';
import type { KeyEntry } from '../../../../lib/wire/keys/editKeys.ts';

/** An SDK key, and how the secret lists it. */
interface TestKey {
  /** The key as SDKs send it. */
  readonly key: string;
  /** SHA-256 of the key, lower-case hex digits, as the list has it. */
  readonly sha256: string;
  /** The same hash in bytes, by which a keyring finds the key. */
  readonly digest: Buffer;
  /** The key's entry in the list. */
  readonly entry: KeyEntry;
}

/** A key. @param more Members of its entry besides label and hash. Default none. */
export function testKey(
  label: string,
  key = `client-${label}`,
  more: Omit<KeyEntry, 'label' | 'sha256'> = {},
): TestKey {
  const sha256 = hash('sha256', key);
  return { key, sha256, digest: Buffer.from(sha256, 'hex'), entry: { label, sha256, ...more } };
}

/** The text of a secret that lists these entries, valid or not: `{"keys": […]}`. */
export function secretOf(...entries: readonly Partial<KeyEntry>[]): string {
  return JSON.stringify({ keys: entries });
}
