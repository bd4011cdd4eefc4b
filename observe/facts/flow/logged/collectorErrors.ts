import * as z from 'zod';
import { parseJson } from '../../../../lib/base/json.ts';
import { MINUTE_MS } from '../../../../lib/base/time.ts';
import type { Deployment } from '../../../deployment.ts';
import { functionLog, type LogQuestion, readLog } from '../../../readLog.ts';
import { PERIOD_MS } from '../changes.ts';
import type { UnkeptCopies } from '../relayCopies.ts';

/** The most lines and pages that are read. */
const MOST = { mostLines: 2_000, mostPages: 20 } as const;
/** Why the stream did not take a request, as its line has it, but for `too_large` and `by_configuration`, which are no errors. */
const NOT_STREAMED = /^(?:held_back|not_acknowledged): (.+)/;
/** The line of a request that the stream did not take. */
const notStreamedLine = z.object({ not_streamed: z.string() });
/** The line of a request whose copy could not be kept for relay. */
const notKeptLine = z.object({ relay_error: z.string() });

/**
 * The name of the error with which the stream last did not take a request; null if the log does not say it.
 *
 * @param last Start of the last five minutes with a request that it did not take, ISO 8601.
 * @throws What CloudWatch Logs' client throws.
 */
export async function readOverflowError(
  deployment: Pick<Deployment, 'logs' | 'stack'>,
  last: string,
): Promise<string | null> {
  const startTime = Date.parse(last);
  const lines = await readLines(deployment, notStreamedLine, {
    filterPattern: '"not_streamed"',
    times: [{ startTime, endTime: startTime + PERIOD_MS }],
  });
  const errors = lines.flatMap(({ not_streamed }) => NOT_STREAMED.exec(not_streamed)?.[1] ?? []);
  return errors[0] ?? null;
}

/**
 * The error with which the last copy could not be kept for relay: its name, after a denial with what AWS said. Null if the log does not say it.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readUnkeptError(
  deployment: Pick<Deployment, 'logs' | 'stack'>,
  { last }: Pick<UnkeptCopies, 'last'>,
): Promise<string | null> {
  const startTime = Date.parse(last);
  const lines = await readLines(deployment, notKeptLine, {
    filterPattern: '{ $.relay = "not_kept" }',
    // A line is written at the end of its request, which counts at its beginning.
    times: [{ startTime, endTime: startTime + 2 * MINUTE_MS }],
  });
  return lines[0]?.relay_error ?? null;
}

/** Lines of the collector's log that have a shape, the newest first. */
async function readLines<Line>(
  deployment: Pick<Deployment, 'logs' | 'stack'>,
  line: z.ZodType<Line>,
  question: Pick<LogQuestion, 'filterPattern' | 'times'>,
): Promise<readonly Line[]> {
  const group = functionLog(deployment.stack, 'collect');
  const { events } = await readLog(deployment, { group, ...question, ...MOST });
  return events.toReversed().flatMap(({ message = '' }) => line.safeParse(parseJson(message)).data ?? []);
}
