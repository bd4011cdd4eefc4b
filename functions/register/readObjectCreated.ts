import * as z from 'zod';
import { CatalogError } from '../../lib/catalog/CatalogError.ts';

/** Only what is read is asked for: AWS adds members to its events as it likes. */
const objectCreatedSchema = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.literal('Object Created'),
  detail: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({ key: z.string().min(1) }),
  }),
});

/** The object that a message is about. */
export interface ObjectRef {
  readonly bucket: string;
  /** As it is: in EventBridge's events, unlike S3's own, it is not URL-encoded. */
  readonly key: string;
}

/**
 * Reads the body of a queue's message: an event of S3 that EventBridge put there.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 *
 * @throws CatalogError SLUICE_CATALOG_MESSAGE_INVALID, naming what is wrong and nothing of the content.
 */
export function readObjectCreated(body: string): ObjectRef {
  const result = objectCreatedSchema.safeParse(parseJson(body));
  if (!result.success) {
    const wrong = result.error.issues.map(({ path }) => path.join('.') || 'the body').join(', ');
    throw new CatalogError('SLUICE_CATALOG_MESSAGE_INVALID', `Wrong: ${wrong}.`);
  }
  const { bucket, object } = result.data.detail;
  return { bucket: bucket.name, key: object.key };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CatalogError('SLUICE_CATALOG_MESSAGE_INVALID', 'It is not JSON.', { cause: error });
  }
}
