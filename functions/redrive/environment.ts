import * as z from 'zod';
import { environmentReader } from '../../lib/lambda/environment.ts';
import { RedriveError } from '../../lib/landing/redrive/RedriveError.ts';

const schema = z.object({
  SLUICE_EXPOSURES_STREAM: z.string().min(1),
  SLUICE_EVENTS_STREAM: z.string().min(1),
  SLUICE_QUARANTINE_STREAM: z.string().min(1),
  /** Where overflow and errors are: events of any other bucket are ignored. */
  SLUICE_BUCKET: z.string().min(1),
  /** `maxReceiveCount` of the queue: the try after which an object is parked. */
  SLUICE_TRIES: z.coerce.number().int().min(1),
});

/** What serverless.yml gives redrive. */
export type Environment = Readonly<z.output<typeof schema>>;

/** @throws RedriveError SLUICE_REDRIVE_ENVIRONMENT_INVALID, naming the variables. */
export const readEnvironment = environmentReader(
  schema,
  (names) => new RedriveError('SLUICE_REDRIVE_ENVIRONMENT_INVALID', names),
);
