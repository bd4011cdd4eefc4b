import {
  type FilteredLogEvent,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  type FilterLogEventsCommandOutput,
} from '@aws-sdk/client-cloudwatch-logs';
import { partName } from '../infra/template/Stack.ts';
import type { Deployment } from './deployment.ts';

/** Name of the log group of a function. */
export function functionLog(stack: Deployment['stack'], part: string): string {
  return `/aws/lambda/${partName(stack, part)}`;
}

/** What is read of a log, and how much at most. */
export interface LogQuestion {
  readonly group: string;
  readonly filterPattern: string;
  /** Times, read one after the other; epoch milliseconds, both ends count. */
  readonly times: readonly Pick<FilterLogEventsCommandInput, 'startTime' | 'endTime'>[];
  /** Default as many as the pages have. */
  readonly mostLines?: number;
  /** A page can be empty although others follow. */
  readonly mostPages: number;
}

/**
 * The lines of a log that match.
 *
 * @returns `hasMore`: there may be more than were read.
 * @throws What CloudWatch Logs' client throws; the reason of the signal.
 */
export async function readLog(
  { logs, signal }: Pick<Deployment, 'logs' | 'signal'>,
  { group: logGroupName, filterPattern, times, mostLines = Number.POSITIVE_INFINITY, mostPages }: LogQuestion,
): Promise<{ readonly events: readonly FilteredLogEvent[]; readonly hasMore: boolean }> {
  const events: FilteredLogEvent[] = [];
  let pages = 0;
  for (const time of times) {
    let nextToken: string | undefined;
    do {
      signal?.throwIfAborted();
      if (events.length >= mostLines || pages >= mostPages) return { events, hasMore: true };
      const limit = Number.isFinite(mostLines) ? mostLines - events.length : undefined;
      const asked = { logGroupName, filterPattern, ...time, limit, nextToken };
      const answer: FilterLogEventsCommandOutput = await logs.send(new FilterLogEventsCommand(asked));
      events.push(...(answer.events ?? []));
      nextToken = answer.nextToken;
      pages += 1;
    } while (nextToken !== undefined);
  }
  return { events, hasMore: false };
}
