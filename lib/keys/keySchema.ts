import * as z from 'zod';

const SHA256_HEX = /^[0-9a-f]{64}$/;

/** One SDK key that may post, known by its hash only: the key itself belongs in no file and in no log. */
export const keySchema = z.strictObject({
  /**
   * Names the key in logs, metrics and quarantine rows, e.g. `web`. Two keys may share one: while an app moves
   * from one key to the next, both are `web`.
   */
  label: z.string('a label').regex(/^[\w.-]{1,64}$/, 'a label: letters, digits, _ . - (at most 64)'),
  /** Lower-case hex SHA-256 of the whole key: `printf %s "$KEY" | sha256sum`. */
  sha256: z.string('a SHA-256').regex(SHA256_HEX, '64 lower-case hex digits: the SHA-256 of the key'),
  /** `environment` of events whose sender gave no tier. Default `production`, as Statsig takes them. */
  environment: z
    .string('an environment')
    .regex(/^[\w.-]{1,64}$/, 'an environment: letters, digits, _ . - (at most 64)')
    .optional(),
  /** What may be sent with it; anything else is kept in quarantine. Default both. */
  kinds: z
    .array(z.enum(['exposures', 'events'], 'exposures or events'), 'a list of exposures, events')
    .min(1, 'at least one of exposures, events')
    .default(['exposures', 'events']),
});

/** A validated key. */
export type AcceptedKey = Readonly<z.output<typeof keySchema>>;
