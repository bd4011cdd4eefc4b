import { z } from 'zod';
import { nameSchema, parametersSchema } from './columns.ts';
import { GLUE_LIMITS } from './limits.ts';

/**
 * A database as it is sent, by a call or by a template's `AWS::Glue::Database`. Links to other catalogs
 * (`TargetDatabase`, `FederatedDatabase`) are refused by name.
 * https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html
 */
export const databaseInputSchema = z.strictObject({
  // Glue folds names to lower case when it stores them, for Hive's sake.
  Name: nameSchema.transform((name) => name.toLowerCase()),
  Description: z.string().max(GLUE_LIMITS.descriptionCharacters).optional(),
  LocationUri: z.string().min(1).max(1_024).optional(),
  Parameters: parametersSchema.optional(),
  /** Lake Formation's; permissions are inert here. */
  CreateTableDefaultPermissions: z
    .array(
      z.strictObject({
        Principal: z.strictObject({ DataLakePrincipalIdentifier: z.string().optional() }).optional(),
        Permissions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});

/** As it is stored: the name in lower case. */
export type DatabaseInput = z.output<typeof databaseInputSchema>;
