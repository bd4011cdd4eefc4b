import { type AcceptedKey, defaultKinds, KEY_FORMATS, MOST_KEY_SOURCES } from '../../schema/AcceptedKey.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { forwardedKinds } from '../../schema/kinds.ts';
import { PLACE_NAME_LENGTH } from '../../schema/names.ts';

/** A member's name that may be repeated in a log: no SDK key looks like that, not even one put in the wrong place. */
const PLAIN_NAME = /^[A-Za-z_]\w{0,31}$/;
const MEMBERS = new Set(['label', 'sha256', 'environment', 'kinds', 'sources']);

/**
 * Reads one entry of the secret's list; by hand, since the collector would carry a schema library for this alone.
 *
 * @returns The key, or what is wrong, in words that repeat no value.
 */
export function readKey(entry: unknown): AcceptedKey | string[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return ['expected an object'];
  const problems = Object.keys(entry)
    .filter((name) => !MEMBERS.has(name))
    .map((name) => `no such member as ${memberName(name)}`);
  const text = (name: 'label' | 'sha256' | 'environment'): string => {
    const value: unknown = Reflect.get(entry, name);
    if (typeof value === 'string' && KEY_FORMATS[name].pattern.test(value)) return value;
    problems.push(`${name}: expected ${KEY_FORMATS[name].words}`);
    return '';
  };
  const sources = sourcesOf(Reflect.get(entry, 'sources'), problems);
  const key = {
    label: text('label'),
    sha256: text('sha256'),
    ...(Reflect.get(entry, 'environment') === undefined ? {} : { environment: text('environment') }),
    kinds: kindsOf(Reflect.get(entry, 'kinds'), sources, problems),
    ...(sources === undefined ? {} : { sources }),
  };
  return problems.length > 0 ? problems : key;
}

/** A name as a log may have it. */
export function memberName(name: string): string {
  return PLAIN_NAME.test(name) ? name : 'one with a strange name';
}

function sourcesOf(value: unknown, problems: string[]): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const { pattern, words } = KEY_FORMATS.source;
  const list: unknown[] = Array.isArray(value) ? value : [];
  const names = list.filter(
    (item): item is string =>
      typeof item === 'string' && item.length <= PLACE_NAME_LENGTH && pattern.test(item),
  );
  if (names.length === 0 || names.length < list.length || names.length > MOST_KEY_SOURCES)
    problems.push(`sources: expected a list of 1 to ${MOST_KEY_SOURCES} texts, each ${words}`);
  return names;
}

function kindsOf(
  value: unknown,
  sources: readonly string[] | undefined,
  problems: string[],
): readonly ForwardedKind[] {
  if (value === undefined) return defaultKinds(sources);
  const list: unknown[] = Array.isArray(value) ? value : [];
  const kinds = list
    .map((item) => forwardedKinds.find((kind) => kind === item))
    .filter((kind) => kind !== undefined);
  const none = Array.isArray(value) && value.length === 0 && sources !== undefined;
  if ((kinds.length === 0 && !none) || kinds.length < list.length) {
    problems.push(
      'kinds: expected a list of exposures, events, at least one of them, or `sources` beside it',
    );
  }
  return kinds;
}
