import { z } from 'zod';
import { memberOf } from '../base/json.ts';
import { AwsError } from '../protocol/AwsError.ts';
import type { AwsService } from '../protocol/AwsService.ts';
import { jsonService, operation } from '../protocol/jsonService.ts';
import { readToken, writeToken } from '../protocol/pageToken.ts';
import type { FunctionLogs } from './FunctionLogs.ts';
import { readFilterPattern } from './filterPattern.ts';

export { FunctionLogs } from './FunctionLogs.ts';
export { readFilterPattern } from './filterPattern.ts';

/** Limits of a call: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
const LIMITS = { events: 10_000, bytes: 1_048_576, patternCharacters: 1_024 } as const;

/** Digits of an event's ID, as in the examples of API_FilterLogEvents. */
const EVENT_ID_DIGITS = 56;

/** The name of a log stream: a log group has one here. */
const STREAM = 'local';
/** The log group of a function. */
const FUNCTION_GROUP = /^\/aws\/lambda\/(.+)$/;

/** The name under which {@link FunctionLogs} has the lines of a log group. */
export function logName(group: string): string {
  return FUNCTION_GROUP.exec(group)?.[1] ?? encodeURIComponent(group);
}

/** CloudWatch Logs: the lines of functions and of failed deliveries, found by their time and a pattern. */
export function logsService(options: {
  /** The logs of functions. */
  readonly logs: FunctionLogs;
  /** The log groups of the stack. Those without lines are empty. */
  readonly groups: () => readonly string[];
}): AwsService {
  const { logs, groups } = options;
  return jsonService({
    signingName: 'logs',
    targetPrefix: 'Logs_20140328',
    contentType: 'application/x-amz-json-1.1',
    invalidInput: invalidParameter,
    resource: (input) => memberOf(input, 'logGroupName'),
    operations: {
      FilterLogEvents: operation({
        input: z.strictObject({
          logGroupName: z.string().min(1),
          startTime: z.int().min(0).default(0),
          endTime: z.int().min(0).default(Number.MAX_SAFE_INTEGER),
          filterPattern: z.string().max(LIMITS.patternCharacters).default(''),
          limit: z.int().min(1).max(LIMITS.events).default(LIMITS.events),
          nextToken: z.string().optional(),
          interleaved: z.boolean().optional(),
        }),
        async run({ logGroupName, startTime, endTime, filterPattern, limit, nextToken }) {
          const matches = readFilterPattern(filterPattern);
          if (startTime > endTime) throw invalidParameter('startTime must be before endTime.');
          const log = logs.find(logName(logGroupName));
          if (log === undefined) {
            if (groups().includes(logGroupName)) return { events: [], searchedLogStreams: [] };
            throw new AwsError('ResourceNotFoundException', 400, 'The specified log group does not exist.');
          }
          const from = readToken(nextToken, invalidToken) ?? log.positionAt(startTime);
          const events: object[] = [];
          let bytes = 0;
          for await (const { position, at, text } of log.lines(from)) {
            // The time range includes both of its ends.
            if (text === '' || at < startTime || at > endTime || !matches(text)) continue;
            bytes += Buffer.byteLength(text);
            if (events.length === limit || (bytes > LIMITS.bytes && events.length > 0))
              return { events, searchedLogStreams: [], nextToken: writeToken(position) };
            events.push({
              logStreamName: STREAM,
              timestamp: at,
              message: text,
              ingestionTime: at,
              eventId: String(position).padStart(EVENT_ID_DIGITS, '0'),
            });
          }
          return { events, searchedLogStreams: [] };
        },
      }),
    },
  });
}

/** The error for a token that was not given out. */
const invalidToken = () => invalidParameter('The specified nextToken is invalid.');

/** The refusal of an input by CloudWatch Logs. */
function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', 400, message);
}
