import type * as z from 'zod';
import { Keyring } from './Keyring.ts';
import { KeysError } from './KeysError.ts';
import { type AcceptedKey, keySchema } from './keySchema.ts';

/** A member's name that may be repeated in a log: no SDK key looks like that, not even one put in the wrong place. */
const PLAIN_NAME = /^[A-Za-z_]\w{0,31}$/;

/**
 * Reads the content of the keys' secret: `{"keys": [{"label", "sha256", "environment"?, "kinds"?}, …]}`. An entry
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
    throw new KeysError('SLUICE_KEYS_INVALID', `Beside keys it has ${unknown.map(show).join(', ')}.`);
  }
  const entries: unknown = Reflect.get(document, 'keys');
  if (!Array.isArray(entries)) throw new KeysError('SLUICE_KEYS_INVALID', 'keys is no list.');
  const keys: AcceptedKey[] = [];
  const problems: string[] = [];
  for (const [i, entry] of entries.entries()) {
    const result = keySchema.safeParse(entry);
    if (result.success) keys.push(result.data);
    else problems.push(...result.error.issues.map((issue) => `keys.${i}${describe(issue)}`));
  }
  return new Keyring(keys, problems);
}

function parse(text: string): object {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document;
  } catch {
    // JSON.parse quotes what it read, which may be a key.
    throw new KeysError('SLUICE_KEYS_INVALID', 'It is not JSON.');
  }
  throw new KeysError('SLUICE_KEYS_INVALID', 'It is JSON, but no object.');
}

/** Zod's own words for an unknown member would repeat whatever its name is. */
function describe(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((part) => `.${String(part)}`).join('');
  if (issue.code === 'unrecognized_keys')
    return `${path}: no such member as ${issue.keys.map(show).join(', ')}.`;
  return `${path}: expected ${issue.path.length === 0 ? 'an object' : issue.message}.`;
}

function show(name: string): string {
  return PLAIN_NAME.test(name) ? name : 'one with a strange name';
}
