import { z } from 'zod';
import { columnSchema, nameSchema, parametersSchema } from './columns.ts';
import { GLUE_LIMITS } from './limits.ts';
import { storageDescriptorSchema } from './storageDescriptor.ts';

const VIEW_CHARACTERS = 409_600;

/**
 * A table as it is sent, by a call or by a template's `AWS::Glue::Table`. Links to other catalogs
 * (`TargetTable`, `FederatedTable`, `ViewDefinition`) are refused by name.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
 */
export const tableInputSchema = z.strictObject({
  // Glue folds names to lower case when it stores them, for Hive's sake.
  Name: nameSchema.transform((name) => name.toLowerCase()),
  Description: z.string().max(GLUE_LIMITS.descriptionCharacters).optional(),
  Owner: nameSchema.optional(),
  /** Epoch seconds, like every time on this wire. */
  LastAccessTime: z.number().optional(),
  LastAnalyzedTime: z.number().optional(),
  Retention: z.int().min(0).optional(),
  StorageDescriptor: storageDescriptorSchema.optional(),
  PartitionKeys: z.array(columnSchema).optional(),
  ViewOriginalText: z.string().max(VIEW_CHARACTERS).optional(),
  ViewExpandedText: z.string().max(VIEW_CHARACTERS).optional(),
  TableType: nameSchema.optional(),
  Parameters: parametersSchema.optional(),
});

/** As it is stored: the name in lower case. */
export type TableInput = z.output<typeof tableInputSchema>;
