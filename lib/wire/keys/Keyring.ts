import { timingSafeEqual } from 'node:crypto';
import type { AcceptedKey } from '../../schema/AcceptedKey.ts';

/** Keys that may post, ready to be looked up. */
export class Keyring {
  readonly keys: readonly AcceptedKey[];
  /** Entries that are no keys, by place, without their values: what the collector can't know it should accept. */
  readonly problems: readonly string[];
  readonly #digests: readonly Uint8Array[];

  constructor(keys: readonly AcceptedKey[], problems: readonly string[] = []) {
    this.keys = keys;
    this.problems = problems;
    this.#digests = keys.map(({ sha256 }) => Buffer.from(sha256, 'hex'));
  }

  /**
   * The key with a SHA-256, the first if there are two. The time it takes tells nothing of how near a guess was,
   * nor which key it was: every one is compared, in constant time.
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
