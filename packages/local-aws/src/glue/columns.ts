import { z } from 'zod';
import { GLUE_LIMITS } from './limits.ts';

/** A name as Glue has it: one line of text. */
export const nameSchema = z
  .string()
  .min(1, 'Member must have length greater than or equal to 1')
  .max(
    GLUE_LIMITS.nameCharacters,
    `Member must have length less than or equal to ${GLUE_LIMITS.nameCharacters}`,
  )
  .regex(/^[^\r\n\0]*$/, 'Member must be a single line of text');

/** `Parameters` of anything. */
export const parametersSchema = z.record(
  z.string().min(1).max(GLUE_LIMITS.parameterNameCharacters),
  z.string().max(GLUE_LIMITS.parameterValueCharacters),
);

/** https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html */
export const columnSchema = z.strictObject({
  Name: nameSchema,
  Type: z.string().max(GLUE_LIMITS.typeCharacters).optional(),
  Comment: z
    .string()
    .max(
      GLUE_LIMITS.commentCharacters,
      `Member must have length less than or equal to ${GLUE_LIMITS.commentCharacters}`,
    )
    .optional(),
  Parameters: parametersSchema.optional(),
});

/** One column of a table or a partition. */
export type Column = z.output<typeof columnSchema>;
