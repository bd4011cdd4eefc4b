import type { AcceptedKey } from '../../schema/AcceptedKey.ts';
import { Keyring } from './Keyring.ts';
import { KeysError } from './KeysError.ts';
import { memberName, readKey } from './readKey.ts';

/**
 * Reads the content of the keys' secret: `{"keys": [{"label", "sha256", "environment"?, "kinds"?, "sources"?}, …]}`. An entry
 * that is no key is left out and told in `problems`, so that one slip of the hand doesn't lock everybody out.
 *
 * @throws KeysError `SLUICE_KEYS_INVALID` when there is no list at all.
 *
 * @example
 * readKeyring('{"keys":[{"label":"web","sha256":"9f86…0a08","environment":"staging","kinds":["exposures"]}]}').keys
 */
export function readKeyring(text: string): Keyring {
  const document = parse(text);
  const unknown = Object.keys(document).filter((name) => name !== 'keys');
  if (unknown.length > 0) {
    throw new KeysError('SLUICE_KEYS_INVALID', `Beside keys it has ${unknown.map(memberName).join(', ')}.`);
  }
  const entries: unknown = Reflect.get(document, 'keys');
  if (!Array.isArray(entries)) throw new KeysError('SLUICE_KEYS_INVALID', 'keys is no list.');
  const keys: AcceptedKey[] = [];
  const problems: string[] = [];
  for (const [i, entry] of entries.entries()) {
    const key = readKey(entry);
    if ('label' in key) keys.push(key);
    else problems.push(...key.map((problem) => `keys.${i}: ${problem}.`));
  }
  return new Keyring(keys, problems);
}

function parse(text: string): object {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // JSON.parse quotes what it read, which may be a key.
    throw new KeysError('SLUICE_KEYS_INVALID', 'It is not JSON.');
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  throw new KeysError('SLUICE_KEYS_INVALID', 'It is JSON, but no object.');
}
