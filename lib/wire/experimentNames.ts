import { hash } from 'node:crypto';

/** The name of an experiment, and whether it is known to be its real name. */
export interface ResolvedName {
  /** The real name, or the hash that was sent. */
  readonly name: string;
  /** Whether `name` is the real name. */
  readonly resolved: boolean;
}

/**
 * djb2 in decimal, or SHA-256 in base64, also as a pattern for Athena: initialize responses hash names for browsers in
 * these ways. It ends with the text (`\z`), as Trino's `$` also matches before a last line break.
 */
export const HASHED_PATTERN = '^([0-9]{1,10}|[A-Za-z0-9+/]{43}=)\\z';
/** {@link HASHED_PATTERN} for JavaScript. */
const HASHED = new RegExp(HASHED_PATTERN.replace('\\z', '$'));

/**
 * Makes the lookup of experiment names that client SDKs may send hashed: in a layer exposure, the
 * `allocatedExperiment` comes from Statsig's initialize response, where names are hashed with djb2 by default.
 *
 * @param experiments Real names, from the configuration. A name that looks hashed and matches none of them remains as it
 *   was sent and is marked unresolved.
 */
export function experimentNames(experiments: readonly string[]): (sent: string) => ResolvedName {
  const known = new Map<string, string>();
  for (const name of experiments) for (const hashed of hashedNames(name)) known.set(hashed, name);
  for (const name of experiments) known.set(name, name);
  return (sent) => {
    const name = known.get(sent);
    return name === undefined ? { name: sent, resolved: !HASHED.test(sent) } : { name, resolved: true };
  };
}

/** The hashes that an initialize response can have instead of a name. */
export function hashedNames(name: string): readonly string[] {
  return [djb2(name), hash('sha256', name, 'base64')];
}

/** Statsig's djb2, 32 bits in decimal: @statsig/client-core src/Hashing.js. */
export function djb2(text: string): string {
  let sum = 0;
  for (let i = 0; i < text.length; i += 1) sum = ((sum << 5) - sum + text.charCodeAt(i)) | 0;
  return String(sum >>> 0);
}
