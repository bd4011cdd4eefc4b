import { forwardedKinds } from '../tables/forwardedTables.ts';
import type { ForwardedKind } from '../tables/Table.ts';
import { type AcceptedKey, KEY_FORMATS } from './AcceptedKey.ts';

/** A member's name that may be repeated in a log: no SDK key looks like that, not even one put in the wrong place. */
const PLAIN_NAME = /^[A-Za-z_]\w{0,31}$/;
const MEMBERS = new Set(['label', 'sha256', 'environment', 'kinds']);

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
  const text = (name: keyof typeof KEY_FORMATS): string => {
    const value: unknown = Reflect.get(entry, name);
    if (typeof value === 'string' && KEY_FORMATS[name].pattern.test(value)) return value;
    problems.push(`${name}: expected ${KEY_FORMATS[name].words}`);
    return '';
  };
  const key = {
    label: text('label'),
    sha256: text('sha256'),
    ...(Reflect.get(entry, 'environment') === undefined ? {} : { environment: text('environment') }),
    kinds: kindsOf(Reflect.get(entry, 'kinds'), problems),
  };
  return problems.length > 0 ? problems : key;
}

/** A name as a log may have it. */
export function memberName(name: string): string {
  return PLAIN_NAME.test(name) ? name : 'one with a strange name';
}

function kindsOf(value: unknown, problems: string[]): readonly ForwardedKind[] {
  if (value === undefined) return forwardedKinds;
  const list: unknown[] = Array.isArray(value) ? value : [];
  const kinds = list
    .map((item) => forwardedKinds.find((kind) => kind === item))
    .filter((kind) => kind !== undefined);
  if (kinds.length === 0 || kinds.length < list.length) {
    problems.push('kinds: expected a list of exposures, events, at least one of them');
  }
  return kinds;
}
