import * as z from 'zod';
import { defaultKinds, KEY_FORMATS, MOST_KEY_SOURCES } from './AcceptedKey.ts';
import { placeName } from './placeName.ts';

const { label, sha256, environment } = KEY_FORMATS;

/** One of `keys`. Its members: lib/schema/AcceptedKey.ts */
export const keySchema = z
  .strictObject({
    label: z.string('a label').regex(label.pattern, label.words),
    sha256: z.string('a SHA-256').regex(sha256.pattern, sha256.words),
    environment: z.string('an environment').regex(environment.pattern, environment.words).optional(),
    /** Default both; none for a key that names `sources`. */
    kinds: z
      .array(z.enum(['exposures', 'events'], 'exposures or events'), 'a list of exposures, events')
      .optional(),
    /** Names of the sources that the key may start with `POST /v1/mark_data_ready_dwh`. */
    sources: z
      .array(placeName(), 'a list of names of sources')
      .min(1, 'the name of at least one source')
      .max(MOST_KEY_SOURCES, `at most ${MOST_KEY_SOURCES} names of sources`)
      .optional(),
  })
  .refine(({ kinds, sources }) => kinds?.length !== 0 || sources !== undefined, {
    path: ['kinds'],
    error: 'at least one of exposures, events',
  })
  .transform((key) => ({ ...key, kinds: key.kinds ?? [...defaultKinds(key.sources)] }));
