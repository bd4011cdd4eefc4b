import type { Look } from '../look.ts';
import type { StatusFacts } from '../statusFacts.ts';
import { FAILED_REQUESTS, readAnswers } from './logged/loggedAnswers.ts';
import { readLastHour, readLastRequest } from './requestCounts.ts';

/** The last hour, and who sent what was refused, or answered 503. */
export async function readRequests({
  deployment,
  day,
  ask,
}: Pick<Look, 'deployment' | 'day' | 'ask'>): Promise<
  Pick<StatusFacts, 'lastHour' | 'lastRequestAt' | 'refusals' | 'unstored'>
> {
  const lastHour = await ask('the last hour', readLastHour);
  return {
    lastHour,
    lastRequestAt: lastHour?.lastRequestAt ?? (await ask('the last request', readLastRequest)),
    refusals: await ask('refused requests', async () =>
      readAnswers(deployment, (await day).day, 'refusedBy'),
    ),
    unstored: await ask(FAILED_REQUESTS, async () => readAnswers(deployment, (await day).day, 'failedBy')),
  };
}
