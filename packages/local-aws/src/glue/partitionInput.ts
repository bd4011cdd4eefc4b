import { z } from 'zod';
import { parametersSchema } from './columns.ts';
import { GLUE_LIMITS } from './limits.ts';
import { storageDescriptorSchema } from './storageDescriptor.ts';

/** The values that name a partition, in the order of the table's partition keys. */
export const partitionValuesSchema = z.array(z.string().max(GLUE_LIMITS.valueCharacters));

/** https://docs.aws.amazon.com/glue/latest/webapi/API_PartitionInput.html */
export const partitionInputSchema = z.strictObject({
  /** Optional in the model of the API, required by what it does: see `partitionChanges.ts`. */
  Values: partitionValuesSchema.optional(),
  /** Epoch seconds, like every time on this wire. */
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  StorageDescriptor: storageDescriptorSchema.optional(),
  Parameters: parametersSchema.optional(),
});

/** A partition as it is sent and stored. */
export type PartitionInput = z.output<typeof partitionInputSchema>;
