import { sum } from '../../../../lib/base/sum.ts';
import { isAlwaysLogged } from '../../../../lib/collect/isAlwaysLogged.ts';
import type { Deployment } from '../../../deployment.ts';
import { type Change, PERIOD_MS } from '../changes.ts';
import type { LiveRequest } from '../liveEntries.ts';
import { bySender, loggedShare, MOST_LINES, readLoggedRequests, type SentGroup } from './loggedRequests.ts';

/** The sender of most of what there was more of than usual. */
export interface MainSender extends Pick<SentGroup, 'key' | 'sdk'> {
  /** Their share of the requests or events, about: successful requests are sampled. */
  readonly share: number;
}

/** What counts of a request, by what there was more of. */
const COUNTED: Partial<Record<Change['what'], (request: LiveRequest) => number>> = {
  requests: () => 1,
  events: ({ received }) => received,
  ignored: ({ ignored_as: { event_filtered = 0, exposure_filtered = 0 } }) =>
    event_filtered + exposure_filtered,
};

/**
 * Who sent most of what there was more of than usual, by at most 2,000 lines of the log.
 *
 * @param change Of requests, events, or events that the configured lists leave out; undefined without one.
 * @returns Null without a change, where no successful request is logged, and where the log has no line of the change.
 * @throws What CloudWatch Logs' client throws.
 */
export async function readMainSender(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'config' | 'isLocal'>,
  change: Change | undefined,
): Promise<MainSender | null> {
  if (change === undefined) return null;
  const countOf = COUNTED[change.what];
  const logged = loggedShare(deployment);
  if (countOf === undefined || logged === 0) return null;
  const startTime = Date.parse(change.first);
  const { requests } = await readLoggedRequests(deployment, {
    filterPattern: '{ $.event = "collect" }',
    times: [{ startTime, endTime: Date.parse(change.last ?? change.first) + PERIOD_MS - 1 }],
    ...MOST_LINES,
  });
  const counted = (request: LiveRequest) => countOf(request) / (isAlwaysLogged(request) ? 1 : logged);
  const groups = bySender(
    requests.map((request) => ({ ...request, code: null })),
    counted,
  );
  const [most] = groups;
  if (most === undefined) return null;
  const all = sum(groups.map(({ count }) => count));
  return { key: most.key, sdk: most.sdk, share: most.count / all };
}
