import { z } from 'zod';

const calls = z.int().min(1).default(1);
const stream = z.string().min(1).optional();

/**
 * Failures to answer on purpose, as JSON.
 *
 * `failRecords` answers 200 with failed records; which ones: `indexes`, or each `every`th, or a random part
 * `rate` by `seed`; all when none is given. `failCalls` fails whole calls. `loseResponse` takes the records
 * and then cuts the connection. Each lasts `calls` calls (default 1) of one stream, or of any.
 */
export const firehoseFaultSchema = z.discriminatedUnion('fault', [
  z.strictObject({
    fault: z.literal('failRecords'),
    stream,
    indexes: z.array(z.int().min(0)).optional(),
    every: z.int().min(1).optional(),
    rate: z.number().min(0).max(1).optional(),
    seed: z.int().default(1),
    code: z.enum(['ServiceUnavailableException', 'InternalFailure']).default('ServiceUnavailableException'),
    calls,
  }),
  z.strictObject({ fault: z.literal('failCalls'), stream, calls }),
  z.strictObject({ fault: z.literal('loseResponse'), stream, calls }),
]);

/** A fault as it is set; what has a default may be left out. */
export type FirehoseFaultInput = z.input<typeof firehoseFaultSchema>;

/** A fault with its defaults. */
export type FirehoseFault = z.output<typeof firehoseFaultSchema>;

/** A fault of one kind as it is set, without naming the kind. */
export type FaultOptions<Kind extends FirehoseFaultInput['fault']> = Omit<
  Extract<FirehoseFaultInput, { fault: Kind }>,
  'fault'
>;
