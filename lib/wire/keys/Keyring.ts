import { timingSafeEqual } from 'node:crypto';
import { defineErrorFamily } from '../../base/errors.ts';
import { isJsonObject, type JsonObject } from '../../base/json.ts';
import { type AcceptedKey, defaultKinds, KEY_FORMATS } from '../../schema/AcceptedKey.ts';
import { type ForwardedKind, forwardedKinds } from '../../schema/kinds.ts';
import { MOST_SOURCES, PLACE_NAME_LENGTH } from '../../schema/names.ts';
import { sdkKey } from '../sdkRequest.ts';

/** Accepted keys, prepared for lookups. */
export class Keyring {
  /** The keys, in the order of their list. */
  readonly keys: readonly AcceptedKey[];
  /** Problems of entries that cannot be read, each with the entry's name, and without their values. */
  readonly problems: readonly string[];
  /**
   * Names of these entries, in their order: the label, or the place in the list (`keys.1`) of one without a label that
   * is safe to log.
   */
  readonly unreadable: readonly string[];
  readonly #digests: readonly Uint8Array[];

  constructor(
    keys: readonly AcceptedKey[],
    problems: readonly string[] = [],
    unreadable: readonly string[] = [],
  ) {
    this.keys = keys;
    this.problems = problems;
    this.unreadable = unreadable;
    this.#digests = keys.map(({ sha256 }) => Buffer.from(sha256, 'hex'));
  }

  /**
   * The key with a SHA-256, the first if there are two. Every key is compared in constant time, so that the duration
   * reveals neither how close a guess was nor which key matched.
   *
   * @param digest 32 bytes.
   */
  find(digest: Uint8Array): AcceptedKey | null {
    let found = -1;
    for (const [i, known] of this.#digests.entries()) {
      if (timingSafeEqual(known, digest) && found < 0) found = i;
    }
    return this.keys[found] ?? null;
  }
}

/**
 * Reads the content of the keys' secret: `{"keys": [{"label", "sha256", "environment"?, "kinds"?, "sources"?}, …]}`. An
 * entry that cannot be read is skipped and reported in `problems`, so that one typo does not lock out every sender.
 *
 * @throws KeysError `SLUICE_KEYS_INVALID` when there is no list at all.
 *
 * @example
 * readKeyring('{"keys":[{"label":"web","sha256":"9f86…0a08","environment":"staging","kinds":["exposures"]}]}').keys
 */
export function readKeyring(text: string): Keyring {
  const document = parse(text);
  const unknown = Object.keys(document).filter((name) => name !== 'keys');
  const { keys: entries } = document;
  if (unknown.length > 0) {
    const beside = entries === undefined ? 'In place of' : 'Beside';
    const names = unknown.map(loggableName).join(', ');
    throw new KeysError('SLUICE_KEYS_INVALID', `${beside} keys it has ${names}.`);
  }
  if (!Array.isArray(entries)) throw new KeysError('SLUICE_KEYS_INVALID', 'keys is not a list.');
  const keys: AcceptedKey[] = [];
  const problems: string[] = [];
  const unreadable: string[] = [];
  for (const [i, entry] of entries.entries()) {
    const key = readKey(entry);
    if ('label' in key) {
      keys.push(key);
      continue;
    }
    const name = loggableLabel(entry) ?? `keys.${i}`;
    unreadable.push(name);
    problems.push(...key.map((problem) => `${name}: ${problem}.`));
  }
  return new Keyring(keys, problems, unreadable);
}

/** The label of an entry; null if it has none, or a text that may be an SDK key in the wrong place. */
function loggableLabel(entry: unknown): string | null {
  const label = isJsonObject(entry) ? entry['label'] : undefined;
  const isLabel = typeof label === 'string' && KEY_FORMATS.label.pattern.test(label);
  return isLabel && sdkKey(label) === null ? label : null;
}

/** Parses the secret's text. @throws KeysError SLUICE_KEYS_INVALID, without what was read. */
function parse(text: string): JsonObject {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // JSON.parse quotes what it read, which may be a key.
    throw new KeysError('SLUICE_KEYS_INVALID', 'It is not JSON.');
  }
  if (isJsonObject(document)) return document;
  throw new KeysError('SLUICE_KEYS_INVALID', 'It is JSON, but no object.');
}

/** A member's name that is safe to log: no SDK key has this form, not even one in the wrong place. */
const PLAIN_NAME = /^[A-Za-z_]\w{0,31}$/;
/** Members of an entry. Others are refused by name, as they may be misspelled. */
const MEMBERS = new Set(['label', 'sha256', 'environment', 'kinds', 'sources']);

/**
 * Reads one entry of the secret's list. It uses no schema library: the collector would bundle one for this alone.
 *
 * @returns The key, or what is wrong, in words that repeat no value.
 */
export function readKey(entry: unknown): AcceptedKey | string[] {
  if (!isJsonObject(entry)) return ["expected an object such as { label: 'web', sha256: '…' }"];
  const problems = Object.keys(entry)
    .filter((name) => !MEMBERS.has(name))
    .map((name) => `no such member as ${loggableName(name)}`);
  const text = (name: 'label' | 'sha256' | 'environment'): string => {
    const value = entry[name];
    if (typeof value === 'string' && KEY_FORMATS[name].pattern.test(value)) return value;
    problems.push(`${name}: expected ${KEY_FORMATS[name].words}`);
    return '';
  };
  const sources = readSources(entry['sources'], problems);
  const key = {
    label: text('label'),
    sha256: text('sha256'),
    ...(entry['environment'] === undefined ? {} : { environment: text('environment') }),
    kinds: readKinds(entry['kinds'], sources, problems),
    ...(sources === undefined ? {} : { sources }),
  };
  return problems.length > 0 ? problems : key;
}

/** A member's name, if it is safe to log. */
function loggableName(name: string): string {
  return PLAIN_NAME.test(name) ? name : 'one with a strange name';
}

/** The sources of an entry; undefined if it names none. What is wrong is added to `problems`. */
function readSources(value: unknown, problems: string[]): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const { pattern, words } = KEY_FORMATS.source;
  const list: unknown[] = Array.isArray(value) ? value : [];
  const names = list.filter(
    (item): item is string =>
      typeof item === 'string' && item.length <= PLACE_NAME_LENGTH && pattern.test(item),
  );
  if (names.length === 0 || names.length < list.length || names.length > MOST_SOURCES)
    problems.push(`sources: expected a list of 1 to ${MOST_SOURCES} texts, each ${words}`);
  return names;
}

/** The kinds of events of an entry. What is wrong is added to `problems`. */
function readKinds(
  value: unknown,
  sources: readonly string[] | undefined,
  problems: string[],
): readonly ForwardedKind[] {
  if (value === undefined) return defaultKinds(sources);
  const list: unknown[] = Array.isArray(value) ? value : [];
  const kinds = list
    .map((item) => forwardedKinds.find((kind) => kind === item))
    .filter((kind) => kind !== undefined);
  const none = Array.isArray(value) && sources !== undefined;
  if ((kinds.length === 0 && !none) || kinds.length < list.length) {
    problems.push(
      'kinds: expected a list of exposures, events, at least one of them, or `sources` beside it',
    );
  }
  return kinds;
}

/** Why a key could not be checked. The answer is 503, so that the SDK retries. */
export const KeysError = defineErrorFamily('system', {
  SLUICE_KEYS_UNAVAILABLE: {
    cause: 'The keys that may post could not be read.',
    cure: 'Send the batch again. If the error persists, `sluice status` says why.',
  },
  SLUICE_KEYS_INVALID: {
    cause: 'The secret does not hold a list of keys.',
    cure: '`sluice keys restore` brings its last valid list back.',
  },
});
