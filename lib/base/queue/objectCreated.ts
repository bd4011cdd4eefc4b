import * as z from 'zod';
import { parseJson } from '../json/parseJson.ts';

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
 * Reads the body of a queue's message: an event of S3 that EventBridge put there. What is none says what is wrong
 * with it, and nothing of its content.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
 */
export function objectCreated(body: string): ObjectRef | { readonly wrong: string } {
  const event = parseJson(body);
  if (event === undefined) return { wrong: 'It is not JSON.' };
  const result = objectCreatedSchema.safeParse(event);
  if (!result.success) {
    const wrong = result.error.issues.map(({ path }) => path.join('.') || 'the body').join(', ');
    return { wrong: `Wrong: ${wrong}.` };
  }
  const { bucket, object } = result.data.detail;
  return { bucket: bucket.name, key: object.key };
}
