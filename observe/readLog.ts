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
  /** Name of the log group. */
  readonly group: string;
  /** As CloudWatch Logs reads it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html */
  readonly filterPattern: string;
  /** Times, read one after the other; epoch milliseconds, both ends count. Of each the oldest lines are read first. */
  readonly times: readonly Pick<FilterLogEventsCommandInput, 'startTime' | 'endTime'>[];
  /** The most lines; default as many as the pages have. */
  readonly mostLines?: number;
  /** The most pages of all times together. A page can be empty although others follow. */
  readonly mostPages: number;
}

/** Lines of a log. */
interface LogLines {
  /** The oldest first. */
  readonly events: readonly FilteredLogEvent[];
  /** Whether there may be more than were read. */
  readonly hasMore: boolean;
}

/**
 * The lines of a log that match.
 *
 * @throws What CloudWatch Logs' client throws; the reason of the signal.
 */
export async function readLog(
  { logs, signal }: Pick<Deployment, 'logs' | 'signal'>,
  { group: logGroupName, filterPattern, times, mostLines = Number.POSITIVE_INFINITY, mostPages }: LogQuestion,
): Promise<LogLines> {
  const events: FilteredLogEvent[] = [];
  const answered = (hasMore: boolean): LogLines => {
    const inOrder = events.toSorted((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0));
    return { events: inOrder, hasMore };
  };
  let pages = 0;
  for (const time of times) {
    let nextToken: string | undefined;
    do {
      signal?.throwIfAborted();
      if (events.length >= mostLines || pages >= mostPages) return answered(true);
      const limit = Number.isFinite(mostLines) ? mostLines - events.length : undefined;
      const asked = { logGroupName, filterPattern, ...time, limit, nextToken };
      const answer: FilterLogEventsCommandOutput = await logs.send(new FilterLogEventsCommand(asked));
      events.push(...(answer.events ?? []));
      nextToken = answer.nextToken;
      pages += 1;
    } while (nextToken !== undefined);
  }
  return answered(false);
}
