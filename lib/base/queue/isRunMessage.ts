import * as z from 'zod';
import { parseJson } from '../json/parseJson.ts';

const runSchema = z.strictObject({ sluice: z.string() });

/**
 * Whether a message's body asks for a run, as a schedule does: `{"sluice":"daily"}`. Schedules send to the function's
 * queue, whose retries and dead letters then hold for runs, too: Scheduler's own see only whether Lambda has taken the
 * event, and of a run that fails afterwards Lambda itself would drop the third try.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
export function isRunMessage(body: string, run: string): boolean {
  if (body.length > 100) return false;
  return runSchema.safeParse(parseJson(body)).data?.sluice === run;
}
