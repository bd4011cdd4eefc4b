import { hash } from 'node:crypto';
import type { Clock } from '../../base/time.ts';
import type { AcceptedKey } from '../../schema/AcceptedKey.ts';
import type { ForwardedKind } from '../../schema/kinds.ts';
import { RequestError } from '../RequestError.ts';
import type { KeyCache } from './KeyCache.ts';
import { Keyring, KeysError } from './Keyring.ts';

/** Options of {@link KeyGate}. */
export interface KeyGateOptions {
  /** `keys` of the configuration: they need no call and are valid even when Secrets Manager is down. */
  readonly configured: readonly AcceptedKey[];
  /** The keys in Secrets Manager. */
  readonly cache: KeyCache;
  /** Accept every key of the right form, under the label `any`. */
  readonly allowAnyKey: boolean;
  /** Request limit of one label in this execution environment. */
  readonly limit: BucketSize;
  readonly clock: Clock;
}

/** An accepted key and its settings. */
export interface AuthenticatedKey {
  /** Its label in the configuration or the secret; `any` for an unlisted key that is accepted because all are. */
  readonly label: string;
  /** Lower-case hex SHA-256. */
  readonly sha256: string;
  /** `environment` of events without a tier; null: the product's default. */
  readonly environment: string | null;
  readonly kinds: readonly ForwardedKind[];
  /** Names of the sources that it may start; undefined when it names none. */
  readonly sources: readonly string[] | undefined;
}

const ANY: Omit<AuthenticatedKey, 'sha256' | 'sources'> = {
  label: 'any',
  environment: null,
  kinds: ['exposures', 'events'],
};

/**
 * Decides which keys may send events, and how often. SDKs drop their batch on 401, so a key is refused only when it is
 * certainly unknown. While that is uncertain, the answer is 503.
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
   * @param key As sent; null when there is none of a known form.
   * @param deadline Epoch milliseconds by which it decides.
   * @throws RequestError `SLUICE_KEY_MISSING`, `SLUICE_KEY_UNKNOWN`; KeysError `SLUICE_KEYS_UNAVAILABLE`,
   *   `SLUICE_KEYS_INVALID` when that is uncertain.
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
   * Counts one request against the limit of the key's label.
   *
   * @throws KeysError `SLUICE_KEY_OVER_LIMIT`: 503, never 429, on which js-client and server-core drop their batch.
   */
  spend({ label }: AuthenticatedKey): void {
    if (!this.#bucket(label).take(this.#options.clock.now())) throw new KeysError('SLUICE_KEY_OVER_LIMIT');
  }

  /** See {@link KeyCache.settled}. */
  settled(): Promise<void> {
    return this.#options.cache.settled();
  }

  /** Null for an unlisted key when every key is accepted. */
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
    // It may be the key of an entry that cannot be read.
    if (renewed.problems.length > 0)
      throw new KeysError('SLUICE_KEYS_INVALID', `${renewed.problems.length} entries.`);
    throw new RequestError('SLUICE_KEY_UNKNOWN');
  }

  /** The bucket of a label. There are no more labels than accepted keys, so senders cannot fill the map. */
  #bucket(label: string): TokenBucket {
    const known = this.#buckets.get(label);
    if (known !== undefined) return known;
    const made = new TokenBucket(this.#options.limit, this.#options.clock.now());
    this.#buckets.set(label, made);
    return made;
  }
}

/** The limits of a token bucket. */
export interface BucketSize {
  /** Sustained rate per second. */
  readonly perSecond: number;
  /** Most at once, after a pause. */
  readonly burst: number;
}

/** A token bucket: full at first, refilled steadily, one token for each request. */
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
   * Takes a token. Returns false when there is none. A clock that is set back changes nothing.
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
