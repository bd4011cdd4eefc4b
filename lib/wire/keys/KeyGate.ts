import { hash } from 'node:crypto';
import type { Clock } from '../../base/time.ts';
import type { AcceptedKey } from '../../schema/AcceptedKey.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { RequestError } from '../RequestError.ts';
import type { KeyCache } from './KeyCache.ts';
import { Keyring, KeysError } from './Keyring.ts';

/** What {@link KeyGate} works with. */
export interface KeyGateOptions {
  /** `keys` of the configuration: known without a call, good even when Secrets Manager is down. */
  readonly configured: readonly AcceptedKey[];
  /** The keys in Secrets Manager. */
  readonly cache: KeyCache;
  /** Let every key of the right shape in, under the label `any`. */
  readonly allowAnyKey: boolean;
  /** Requests that one label may send, in this execution environment. */
  readonly limit: BucketSize;
  readonly clock: Clock;
}

/** A key that may post, and what holds for what is sent with it. */
export interface AuthenticatedKey {
  /** Its name in the configuration or the secret; `any` for one that is only let in because any is. */
  readonly label: string;
  /** Lower-case hex SHA-256. */
  readonly sha256: string;
  /** `environment` of events without a tier; null: the product's default. */
  readonly environment: string | null;
  readonly kinds: readonly ForwardedKind[];
  /** Names of the sources that it may start; undefined: it names none. */
  readonly sources: readonly string[] | undefined;
}

const ANY: Omit<AuthenticatedKey, 'sha256' | 'sources'> = {
  label: 'any',
  environment: null,
  kinds: ['exposures', 'events'],
};

/**
 * Decides which keys may post, and how often. 401 is an answer that SDKs drop their batch on, so it is given only
 * where the key is known to be unknown: as long as that can't be told, the answer is 503.
 */
export class KeyGate {
  readonly #options: KeyGateOptions;
  readonly #configured: Keyring;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(options: KeyGateOptions) {
    this.#options = options;
    this.#configured = new Keyring(options.configured);
  }

  /**
   * @param key As sent, or null when there was none of a known shape.
   * @param deadline Epoch milliseconds by which it has decided.
   * @throws RequestError `SLUICE_KEY_MISSING`, `SLUICE_KEY_UNKNOWN`; KeysError `SLUICE_KEYS_UNAVAILABLE`,
   *   `SLUICE_KEYS_INVALID` when it can't be told.
   */
  async admit(key: string | null, deadline: number): Promise<AuthenticatedKey> {
    if (key === null) throw new RequestError('SLUICE_KEY_MISSING');
    const sha256 = hash('sha256', key);
    const digest = Buffer.from(sha256, 'hex');
    const found = this.#configured.find(digest) ?? (await this.#findInSecret(digest, deadline));
    const { label, environment = null, kinds } = found ?? ANY;
    return { label, sha256, environment, kinds, sources: found?.sources };
  }

  /**
   * Counts one request of a key against what its label may send.
   *
   * @throws KeysError `SLUICE_KEY_OVER_LIMIT`: 503, never 429, which js-client and server-core drop their batch on.
   */
  spend({ label }: AuthenticatedKey): void {
    if (!this.#bucket(label).take(this.#options.clock.now())) throw new KeysError('SLUICE_KEY_OVER_LIMIT');
  }

  /** See {@link KeyCache.settled}. */
  settled(): Promise<void> {
    return this.#options.cache.settled();
  }

  /** Null for a key that is let in because any is. */
  async #findInSecret(digest: Uint8Array, deadline: number): Promise<AcceptedKey | null> {
    const { cache, allowAnyKey } = this.#options;
    try {
      const found = (await cache.current(deadline)).find(digest);
      if (found !== null || allowAnyKey) return found;
    } catch (error) {
      if (allowAnyKey && error instanceof KeysError) return null;
      throw error;
    }
    const renewed = await cache.renewed(deadline);
    const found = renewed.find(digest);
    if (found !== null) return found;
    // It may be the key of an entry that can't be read.
    if (renewed.problems.length > 0)
      throw new KeysError('SLUICE_KEYS_INVALID', `${renewed.problems.length} entries.`);
    throw new RequestError('SLUICE_KEY_UNKNOWN');
  }

  /** By label, of which there are only as many as keys were ever accepted: nobody can fill the map from outside. */
  #bucket(label: string): TokenBucket {
    const known = this.#buckets.get(label);
    if (known !== undefined) return known;
    const made = new TokenBucket(this.#options.limit, this.#options.clock.now());
    this.#buckets.set(label, made);
    return made;
  }
}

/** How much a bucket lets through. */
export interface BucketSize {
  /** In the long run, a second. */
  readonly perSecond: number;
  /** At once, after a rest. */
  readonly burst: number;
}

/** A token bucket: full at first, filled up steadily, one token for each thing let through. */
export class TokenBucket {
  readonly #size: BucketSize;
  #tokens: number;
  #at: number;

  /** @param now Epoch milliseconds. */
  constructor(size: BucketSize, now: number) {
    this.#size = size;
    this.#tokens = size.burst;
    this.#at = now;
  }

  /**
   * Whether one more is let through. A clock that is set back gives nothing and takes nothing.
   *
   * @param now Epoch milliseconds.
   */
  take(now: number): boolean {
    const { perSecond, burst } = this.#size;
    const earned = (Math.max(0, now - this.#at) / 1000) * perSecond;
    this.#tokens = Math.min(burst, this.#tokens + earned);
    this.#at = now;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
