import * as z from 'zod';
import { parseJson } from '../../../lib/base/json.ts';
import { isoTimestamp, MINUTE_MS } from '../../../lib/base/time.ts';
import type { Deployment } from '../../deployment.ts';
import { functionLog, readLog } from '../../readLog.ts';
import { TRIED_WITHIN_MS } from './relayCopies.ts';

/** What became of copies that relay tried last. */
export interface RelayAnswer {
  /** Who did not take or give them: the target of relay, or the bucket, which has large copies and those that are put aside. */
  readonly from: 'target' | 'bucket';
  /** The status of the target's answer, with `text/html` behind that of a web page, or the name of an error; of several the most frequent. */
  readonly why: string;
  /** Number of copies in the run with which this happened. */
  readonly copies: number;
  /** When that run ended, ISO 8601. */
  readonly at: string;
  /** When the first later run ended in which all copies that were tried were delivered, ISO 8601; null without one, and within ten minutes after the run that failed. */
  readonly takenAt: string | null;
}

const countsByAnswer = z.record(z.string(), z.number()).default({});
/** The line of a run of relay: copies that are tried again, by what the target answered and by errors of the bucket. */
const relayLine = z.object({
  relayed: z.number().default(0),
  retried: countsByAnswer,
  failed: countsByAnswer,
});

/** What the log says of a copy that was not sent, as the target's answer to another is waited for: `Target`. */
const NOT_ASKED = 'waits';
/** For how long no run may have failed before the target takes copies again: one that answers 503 to some takes others. */
const STEADY_MS = 10 * MINUTE_MS;
/** Pages of the log that are read. */
const MOST_PAGES = 20;

/**
 * What became of copies in the last run in which the target, or the bucket, answered and did not take one; null without one.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readRelayAnswer(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
): Promise<RelayAnswer | null> {
  const { now } = deployment;
  const recently = now - STEADY_MS;
  const { events } = await readLog(deployment, {
    group: functionLog(deployment.stack, 'relay'),
    filterPattern: '{ $.event = "relay" }',
    // Of each the oldest lines are read first: many runs must not hide the newest.
    times: [{ startTime: recently }, { startTime: now - TRIED_WITHIN_MS, endTime: recently - 1 }],
    mostPages: MOST_PAGES,
  });
  let takenAt: string | null = null;
  for (const { message = '', timestamp = 0 } of events.toReversed()) {
    const { data } = relayLine.safeParse(parseJson(message));
    if (data === undefined) continue;
    const at = isoTimestamp(timestamp);
    const answers = [
      ...Object.entries(data.retried).map(([why, copies]) => ({ from: 'target', why, copies }) as const),
      ...Object.entries(data.failed).map(([why, copies]) => ({ from: 'bucket', why, copies }) as const),
    ];
    const [most] = answers.filter(({ why }) => why !== NOT_ASKED).sort((a, b) => b.copies - a.copies);
    if (most !== undefined) return { ...most, at, takenAt: timestamp <= recently ? takenAt : null };
    if (data.relayed > 0) takenAt = at;
  }
  return null;
}
