import { type ForwardedKind, forwardedKinds } from './kinds.ts';
import { PLACE_NAME } from './names.ts';

/** One SDK key that may post, known by its hash only: the key itself belongs in no file and in no log. */
export interface AcceptedKey {
  /**
   * Names the key in logs, metrics and quarantine rows, e.g. `web`. Two keys may share one: while an app moves
   * from one key to the next, both are `web`.
   */
  readonly label: string;
  /** Lower-case hex SHA-256 of the whole key: `printf %s "$KEY" | sha256sum`. */
  readonly sha256: string;
  /** `environment` of events whose sender gave no tier. Default `production`, as Statsig takes them. */
  readonly environment?: string | undefined;
  /** Kinds that may be sent with it; others are kept in quarantine. Empty: it only starts `sources`. */
  readonly kinds: readonly ForwardedKind[];
  /** Names of the sources whose ingest it may start. Default none, unless the configuration has only one source. */
  readonly sources?: readonly string[] | undefined;
}

/** Formats of a key's text members, and words for them. The configuration and the secret share them. */
export const KEY_FORMATS = {
  label: { pattern: /^[\w.-]{1,64}$/, words: 'a label: letters, digits, _ . - (at most 64)' },
  sha256: { pattern: /^[0-9a-f]{64}$/, words: '64 lower-case hex digits: the SHA-256 of the key' },
  environment: { pattern: /^[\w.-]{1,64}$/, words: 'an environment: letters, digits, _ . - (at most 64)' },
  source: { pattern: PLACE_NAME, words: 'the name of a source' },
} as const;

/** The label of a key that is in no list, where all are accepted. */
export const ANY_KEY = 'any';

/** Why no key that is added gets that label: nobody could tell it from those in no list. */
export const ANY_KEY_TAKEN = 'another label than any, which is that of keys in no list';

/** The kinds of a key that states none: both, or none for a key that names sources, which is for the trigger alone. */
export function defaultKinds(sources: readonly string[] | undefined): readonly ForwardedKind[] {
  return sources === undefined ? forwardedKinds : [];
}
