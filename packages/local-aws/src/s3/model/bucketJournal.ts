import { z } from 'zod';
import { OWNER_ACCOUNT } from '../limits.ts';
import { bucketSettingsSchema } from './bucketSettings.ts';
import { storedObjectSchema } from './StoredObject.ts';

/** What is known of a bucket besides its objects. */
const bucketInfoSchema = z.strictObject({
  name: z.string(),
  region: z.string(),
  /** Account that owns it, and all objects in it. */
  account: z.string().default(OWNER_ACCOUNT),
  /** Epoch ms. */
  createdMs: z.int(),
  /** Whether its object events go to EventBridge. */
  eventBridge: z.boolean(),
});
/** What a bucket was made with. */
export type BucketInfo = z.output<typeof bucketInfoSchema>;

/** A line of a bucket's journal. The first is always a `bucket`. */
export const bucketLineSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('bucket'), info: bucketInfoSchema }),
  z.strictObject({ op: z.literal('settings'), settings: bucketSettingsSchema }),
  /** `temp`: where the bytes lay when the line was written; they may still have to be moved. */
  z.strictObject({ op: z.literal('put'), object: storedObjectSchema, temp: z.string().optional() }),
  z.strictObject({ op: z.literal('delete'), key: z.string(), place: z.enum(['natural', 'encoded']) }),
]);
/** One change of a bucket. */
export type BucketLine = z.output<typeof bucketLineSchema>;
