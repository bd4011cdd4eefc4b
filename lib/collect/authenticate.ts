import { hash, timingSafeEqual } from 'node:crypto';
import type { Config } from '../config/configSchema.ts';
import { RequestError } from '../statsig/RequestError.ts';

/** Which keys may post. */
export type AcceptedKeys = Pick<Config, 'keys' | 'allowAnyKey'>;

/** A key that may post. */
export interface AuthenticatedKey {
  /** Its name in the configuration; `any` for one that is only allowed because any is. */
  readonly label: string;
  /** Lower-case hex SHA-256. */
  readonly sha256: string;
}

/**
 * Looks a key up among those that may post. The time it takes tells nothing of how near a guess was: every
 * configured key is compared, in constant time.
 *
 * @param key As sent, or null when there was none of a known shape.
 * @throws RequestError `SLUICE_KEY_MISSING`, `SLUICE_KEY_UNKNOWN`.
 */
export function authenticate(key: string | null, accepted: AcceptedKeys): AuthenticatedKey {
  if (key === null) throw new RequestError('SLUICE_KEY_MISSING');
  const sha256 = hash('sha256', key);
  const sent = Buffer.from(sha256, 'hex');
  let label: string | null = null;
  for (const known of accepted.keys) {
    if (timingSafeEqual(Buffer.from(known.sha256, 'hex'), sent)) label ??= known.label;
  }
  if (label === null && !accepted.allowAnyKey) throw new RequestError('SLUICE_KEY_UNKNOWN');
  return { label: label ?? 'any', sha256 };
}
