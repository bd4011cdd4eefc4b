import { z } from 'zod';
import { columnSchema, nameSchema, parametersSchema } from './columns.ts';
import { GLUE_LIMITS } from './limits.ts';

/**
 * Where and how rows lie. `SchemaReference` is left out and so refused by name: there is no schema registry.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_StorageDescriptor.html
 */
export const storageDescriptorSchema = z.strictObject({
  Columns: z.array(columnSchema).optional(),
  Location: z
    .string()
    .max(
      GLUE_LIMITS.locationCharacters,
      `Member must have length less than or equal to ${GLUE_LIMITS.locationCharacters}`,
    )
    .optional(),
  AdditionalLocations: z.array(z.string()).optional(),
  InputFormat: z.string().max(128).optional(),
  OutputFormat: z.string().max(128).optional(),
  Compressed: z.boolean().optional(),
  NumberOfBuckets: z.int().optional(),
  SerdeInfo: z
    .strictObject({
      Name: nameSchema.optional(),
      SerializationLibrary: nameSchema.optional(),
      Parameters: parametersSchema.optional(),
    })
    .optional(),
  BucketColumns: z.array(nameSchema).optional(),
  SortColumns: z.array(z.strictObject({ Column: nameSchema, SortOrder: z.int().min(0).max(1) })).optional(),
  Parameters: parametersSchema.optional(),
  SkewedInfo: z
    .strictObject({
      SkewedColumnNames: z.array(nameSchema).optional(),
      SkewedColumnValues: z.array(z.string()).optional(),
      SkewedColumnValueLocationMaps: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  StoredAsSubDirectories: z.boolean().optional(),
});

/** As it is stored, whatever the table's or partition's door it came through. */
export type StorageDescriptor = z.output<typeof storageDescriptorSchema>;

/** What Glue answers for members that were never given. */
export const storageDescriptorDefaults: StorageDescriptor = {
  Compressed: false,
  NumberOfBuckets: 0,
  SortColumns: [],
  StoredAsSubDirectories: false,
};
