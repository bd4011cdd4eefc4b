import * as z from 'zod';
import { KEY_FORMATS } from '../keys/AcceptedKey.ts';

const { label, sha256, environment } = KEY_FORMATS;

/** One of `keys`. Its members: lib/keys/AcceptedKey.ts */
export const keySchema = z.strictObject({
  label: z.string('a label').regex(label.pattern, label.words),
  sha256: z.string('a SHA-256').regex(sha256.pattern, sha256.words),
  environment: z.string('an environment').regex(environment.pattern, environment.words).optional(),
  kinds: z
    .array(z.enum(['exposures', 'events'], 'exposures or events'), 'a list of exposures, events')
    .min(1, 'at least one of exposures, events')
    .default(['exposures', 'events']),
});
