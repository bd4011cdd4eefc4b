import { hash } from 'node:crypto';
import { type AcceptedKey, ANY_KEY } from '../../schema/AcceptedKey.ts';
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
}

/** An accepted key and its settings. */
export interface AuthenticatedKey {
  /**
   * The label of the key in the configuration or the secret; `any` for an unlisted key that is accepted because all
   * keys are.
   */
  readonly label: string;
  /** Lower-case hex SHA-256. */
  readonly sha256: string;
  /** `environment` of events without a tier; null: the product's default. */
  readonly environment: string | null;
  /** Kinds of events that it may send. */
  readonly kinds: readonly ForwardedKind[];
  /** Names of the sources that it may start; undefined when it names none. */
  readonly sources: readonly string[] | undefined;
}

/** What an unlisted key may do where every key is accepted. */
const ANY: Omit<AuthenticatedKey, 'sha256' | 'sources'> = {
  label: ANY_KEY,
  environment: null,
  kinds: ['exposures', 'events'],
};

/**
 * Decides which keys may send events. SDKs drop their batch on 401, so a key is refused only when it is
 * certainly unknown. While that is uncertain, the answer is 503.
 */
export class KeyGate {
  readonly #options: KeyGateOptions;
  readonly #configured: Keyring;

  constructor(options: KeyGateOptions) {
    this.#options = options;
    this.#configured = new Keyring(options.configured);
  }

  /**
   * Looks a key up, in the configuration and then in the secret.
   *
   * @param key As sent; null when there is none of a known form.
   * @param deadline Epoch milliseconds by which it decides.
   * @param problem Without a key: why a text in its place is not a key.
   * @throws RequestError `SLUICE_KEY_MISSING`, `SLUICE_KEY_UNKNOWN`; KeysError `SLUICE_KEYS_UNAVAILABLE`,
   *   `SLUICE_KEYS_INVALID` when that is uncertain.
   */
  async admit(key: string | null, deadline: number, problem = ''): Promise<AuthenticatedKey> {
    if (key === null) throw new RequestError('SLUICE_KEY_MISSING', problem);
    const sha256 = hash('sha256', key);
    const digest = Buffer.from(sha256, 'hex');
    const found = this.#configured.find(digest) ?? (await this.#findInSecret(digest, deadline));
    const { label, environment = null, kinds } = found ?? ANY;
    return { label, sha256, environment, kinds, sources: found?.sources };
  }

  /** See {@link KeyCache.settled}. */
  settled(): Promise<void> {
    return this.#options.cache.settled();
  }

  /** Looks a key up in the secret; null for an unlisted key when every key is accepted. @throws RequestError, KeysError. */
  async #findInSecret(digest: Uint8Array, deadline: number): Promise<AcceptedKey | null> {
    const { cache, allowAnyKey } = this.#options;
    try {
      const found = (await cache.current(deadline, !allowAnyKey)).find(digest);
      if (found !== null || allowAnyKey) return found;
    } catch (error) {
      if (allowAnyKey && error instanceof KeysError) return null;
      throw error;
    }
    const renewed = await cache.renewed(deadline);
    const found = renewed.find(digest);
    if (found !== null) return found;
    // The key may be that of an entry that cannot be read.
    if (renewed.problems.length > 0) throw new KeysError('SLUICE_KEYS_INVALID', 'An entry cannot be read.');
    throw new RequestError('SLUICE_KEY_UNKNOWN');
  }
}
