import { z } from 'zod';
import { storedObjectSchema } from './StoredObject.ts';

/** What is known of a bucket besides its objects. */
const bucketInfoSchema = z.strictObject({
  name: z.string(),
  region: z.string(),
  /** Epoch ms. */
  createdMs: z.int(),
  /** Whether its object events go to EventBridge. */
  eventBridge: z.boolean(),
});
export type BucketInfo = z.output<typeof bucketInfoSchema>;

/** A line of a bucket's journal. The first is always a `bucket`. */
export const bucketLineSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('bucket'), info: bucketInfoSchema }),
  /** `temp`: where the bytes lay when the line was written; they may still have to be moved. */
  z.strictObject({ op: z.literal('put'), object: storedObjectSchema, temp: z.string().optional() }),
  z.strictObject({ op: z.literal('delete'), key: z.string(), place: z.enum(['natural', 'encoded']) }),
]);
export type BucketLine = z.output<typeof bucketLineSchema>;
