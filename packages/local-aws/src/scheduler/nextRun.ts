import { DAY_MS } from '../../../../lib/time/utcDay.ts';
import { AwsError } from '../protocol/AwsError.ts';
import { type CronFields, parseCron } from './cronFields.ts';

const UNIT_MS = { minute: 60_000, hour: 3_600_000, day: DAY_MS } as const;
const MINUTE_MS = 60_000;
/** A leap day on one weekday comes round in at most 40 years; a schedule further off than that never runs. */
const HORIZON_DAYS = 40 * 366;

/**
 * The first instant after `afterMs` (epoch ms, UTC) at which a schedule runs; undefined when it never does again.
 *
 * Takes `rate(5 minutes)` and `cron(5 0 * * ? *)`. A rate counts from `afterMs`, as it does from a schedule's creation.
 *
 * @throws AwsError `ValidationException` for an expression that AWS refuses, `NotImplemented` for one only we do.
 */
export function nextRun(expression: string, afterMs: number): number | undefined {
  const invalid = (why: string) =>
    new AwsError('ValidationException', 400, `Invalid Schedule Expression ${expression}: ${why}.`);
  const rate = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  if (rate !== null) {
    const [, count, unit] = rate;
    if (Number(count) < 1) throw invalid('the rate must be positive');
    const unitMs = unit === 'day' ? UNIT_MS.day : unit === 'hour' ? UNIT_MS.hour : UNIT_MS.minute;
    return afterMs + Number(count) * unitMs;
  }
  const cron = /^cron\((.*)\)$/.exec(expression);
  if (cron === null) throw invalid('neither rate(…) nor cron(…)');
  return nextCronRun(parseCron(cron[1] ?? '', invalid), afterMs);
}

function nextCronRun(fields: CronFields, afterMs: number): number | undefined {
  const [minutes, hours, days, months, weekdays, years] = fields;
  let at = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  for (let day = 0; day <= HORIZON_DAYS; day += 1) {
    const date = new Date(at);
    const dayMatches =
      years?.has(date.getUTCFullYear()) &&
      months?.has(date.getUTCMonth() + 1) &&
      days?.has(date.getUTCDate()) &&
      weekdays?.has(date.getUTCDay() + 1);
    const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
    if (dayMatches) {
      for (let minute = (at - midnight) / MINUTE_MS; minute < 1440; minute += 1) {
        if (hours?.has(Math.floor(minute / 60)) && minutes?.has(minute % 60))
          return midnight + minute * MINUTE_MS;
      }
    }
    at = midnight + DAY_MS;
  }
  return undefined;
}
