import * as z from 'zod';
import { ANY_KEY, ANY_KEY_TAKEN, defaultKinds, KEY_FORMATS } from '../AcceptedKey.ts';
import { placeName } from '../formats.ts';
import { MOST_SOURCES } from '../names.ts';
import { named, noted } from '../noted.ts';

const { label, sha256, environment } = KEY_FORMATS;

/** The schema of one entry of `keys`. AcceptedKey.ts describes its members. */
export const keySchema = named(
  'AcceptedKeyInput',
  z
    .strictObject({
      label: noted(
        z
          .string('a label')
          .regex(label.pattern, label.words)
          .refine((name) => name !== ANY_KEY, ANY_KEY_TAKEN),
        'Names the key in logs, metrics and quarantine rows.',
      ),
      sha256: noted(
        z.string('a SHA-256').regex(sha256.pattern, sha256.words),
        'SHA-256 of the whole key: `printf %s "$KEY" | sha256sum`.',
      ),
      environment: noted(
        z.string('an environment').regex(environment.pattern, environment.words).optional(),
        '`environment` of events whose sender gave no tier.',
        '`production`, as Statsig takes them',
      ),
      kinds: noted(
        z
          .array(z.enum(['exposures', 'events'], 'exposures or events'), 'a list of exposures, events')
          .optional(),
        'Kinds that may be sent with the key.',
        'both; none for a key that names `sources`',
      ),
      sources: noted(
        z
          .array(placeName(), 'a list of names of sources')
          .min(1, 'the name of at least one source')
          .max(MOST_SOURCES, `at most ${MOST_SOURCES} names of sources`)
          .optional(),
        'Names of the sources that the key may start with `POST /v1/mark_data_ready_dwh`.',
        'none, unless the configuration has only one source',
      ),
    })
    .refine(({ kinds, sources }) => kinds?.length !== 0 || sources !== undefined, {
      path: ['kinds'],
      error: 'at least one of exposures, events',
    })
    .transform((key) => ({ ...key, kinds: key.kinds ?? [...defaultKinds(key.sources)] })),
);
