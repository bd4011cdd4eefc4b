import { createHash, hash } from 'node:crypto';
import { flatten } from '../json/flatten.ts';
import { quoteNested } from '../json/quoteNested.ts';

/** Hex digits of an ID: 128 of SHA-256's 256 bits. */
const ID_LENGTH = 32;

/**
 * Gives what was refused of one request its IDs, by the rules that event IDs have (lib/collect/EventIdentity): equal
 * for every resend, different for repeats. SHA-256 throughout, for a large body's place in S3 is named by its ID, and
 * nobody should be able to make two of one name.
 */
export class RefusedIdentity {
  readonly #scope: string;
  /** The scope with a code behind it. */
  readonly #scopes = new Map<string, string>();
  readonly #seen = new Map<string, number>();

  /**
   * @param keyHash SHA-256 of the SDK key.
   * @param sender What stays the same when the sender tries again: a device's stable ID, for a page that was
   *   closed sends what it had stored in a later session; on servers, which have none, the session.
   */
  constructor(keyHash: string, sender: string) {
    this.#scope = hash('sha256', JSON.stringify([keyHash, sender])).slice(0, ID_LENGTH);
  }

  /**
   * ID of what was refused next.
   *
   * @param code Why: its text is prepared once.
   * @param raw What it is: it is hashed as JSON.
   */
  next(code: string, raw: string): string {
    const id = this.of(code, raw);
    const before = this.#seen.get(id) ?? 0;
    this.#seen.set(id, before + 1);
    return before === 0 ? id : hashOf(`${before}:${this.#scopeOf(code)}`, raw);
  }

  /** ID of what has an identity of its own, by which repeats are told apart already. As {@link next} of the first. */
  of(code: string, raw: string): string {
    return hashOf(this.#scopeOf(code), raw);
  }

  #scopeOf(code: string): string {
    let scope = this.#scopes.get(code);
    if (scope === undefined) {
      scope = flatten(`${this.#scope}[${quoteNested(code)},`);
      this.#scopes.set(code, scope);
    }
    return scope;
  }
}

/** Characters of a text that are written as JSON at a time: all of a large body's would be twice as long once more. */
const PIECE = 1_048_576;

/** The hash of a text as JSON, with a prefix. */
function hashOf(prefix: string, raw: string): string {
  if (raw.length <= PIECE) return hash('sha256', prefix + JSON.stringify(raw)).slice(0, ID_LENGTH);
  const sum = createHash('sha256').update(`${prefix}"`);
  for (let start = 0; start < raw.length; ) {
    let end = start + PIECE;
    // Not between the halves of a surrogate pair: JSON would escape both.
    if (end < raw.length && (raw.charCodeAt(end) & 0xfc00) === 0xdc00) end += 1;
    sum.update(JSON.stringify(raw.slice(start, end)).slice(1, -1));
    start = end;
  }
  return sum.update('"').digest('hex').slice(0, ID_LENGTH);
}
