import { z } from 'zod';
import { firehoseFaultSchema } from '../firehose/model/faultSchema.ts';

/** The body of `POST /_sluice/faults`: faults to add, by service. An unknown service or member is refused. */
export const faultsSchema = z.strictObject({
  firehose: z.array(firehoseFaultSchema).default([]),
  glue: z
    .array(
      z.discriminatedUnion('fault', [
        z.strictObject({
          fault: z.literal('failPartitions'),
          code: z.string().min(1),
          calls: z.int().min(1).default(1),
          values: z.array(z.string()).optional(),
        }),
        z.strictObject({
          fault: z.literal('failCalls'),
          code: z.string().min(1),
          calls: z.int().min(1).default(1),
          operations: z.array(z.string()).optional(),
          status: z.int().min(400).max(599).optional(),
          afterwards: z.boolean().optional(),
        }),
      ]),
    )
    .default([]),
});
