import type { PlanRequestInput } from '../../lib/drops/plan/messageBodies.ts';
import type { UtcDay } from '../../lib/time/utcDay.ts';

/** Days of one request: a run of the plan lists them well within its time. */
const DAYS_A_REQUEST = 31;

/** Requests to load days anew, some days each. */
export function backfillRequests(
  place: { readonly source: string; readonly dataset: string },
  days: readonly UtcDay[],
): readonly PlanRequestInput[] {
  const requests: PlanRequestInput[] = [];
  for (let from = 0; from < days.length; from += DAYS_A_REQUEST) {
    requests.push({
      sluice: 'plan',
      sources: [place.source],
      datasets: [place.dataset],
      days: days.slice(from, from + DAYS_A_REQUEST),
      asked: 'backfill',
    });
  }
  return requests;
}
