import { DAY_MS, isoTimestamp, MINUTE_MS } from '../../../../lib/base/time.ts';
import { type AnswerKind, failureKind } from '../../../answerKinds.ts';
import type { Deployment } from '../../../deployment.ts';
import { functionLog, readLog } from '../../../readLog.ts';
import { failureText, reasonOf } from './failureLines.ts';
import { MOST_PAGES } from './lastFailure.ts';

/** Collectors in use read keys every five minutes at least, after a failure every minute. */
const KEYS_MS = 10 * MINUTE_MS;

/** With what collectors fail to read the keys' secret. */
export interface KeysFailure {
  /** Time, code and detail of the last failure in words: `2026-11-20T12:00:00.000Z: SLUICE_X: detail.` */
  readonly text: string;
  /** What the cure follows. */
  readonly kind: AnswerKind;
  /** When one failed first since a collector has read the secret, within a day, ISO 8601; null if the log has more lines than were read. */
  readonly since: string | null;
}

/**
 * The error with which collectors failed to read the keys' secret last, but for what the secret itself shows; null if a collector has
 * read it since, or if none has tried for ten minutes.
 *
 * @throws What CloudWatch Logs' client throws.
 */
export async function readKeysFailure(
  deployment: Pick<Deployment, 'logs' | 'stack' | 'now'>,
): Promise<KeysFailure | null> {
  const question = {
    group: functionLog(deployment.stack, 'collect'),
    filterPattern: '{ $.event = "keys" }',
    mostPages: MOST_PAGES,
  };
  const recent = { ...question, times: [{ startTime: deployment.now - KEYS_MS }] };
  const { events } = await readLog(deployment, recent);
  const { timestamp = 0, message = '' } = events.at(-1) ?? {};
  const reason = reasonOf(message);
  // Problems without a code are of entries in the secret.
  if (reason === null || reason.code === null || OF_SECRET.test(reason.text)) return null;
  const day = await readLog(deployment, { ...question, times: [{ startTime: deployment.now - DAY_MS }] });
  const good = day.events.findLastIndex((line) => reasonOf(line.message ?? '') === null);
  const first = day.events[good + 1]?.timestamp ?? timestamp;
  const since = day.hasMore ? null : isoTimestamp(first);
  return { text: failureText(timestamp, reason), kind: failureKind(reason.text), since };
}

/** Names of errors that whoever reads the secret sees as well: they are over once it is valid. */
const OF_SECRET = /_INVALID|InvalidRequest|NotFound/;
