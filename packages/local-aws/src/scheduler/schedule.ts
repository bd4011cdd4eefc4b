import { AwsError, notImplemented } from '../protocol/AwsError.ts';

/** Months and days of the week by name, as AWS's cron accepts them; Sunday is day 1. */
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** The six fields in order, with their ranges. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
const FIELDS: readonly Field[] = [
  { name: 'minutes', from: 0, to: 59, names: [] },
  { name: 'hours', from: 0, to: 23, names: [] },
  { name: 'day of month', from: 1, to: 31, names: [] },
  { name: 'month', from: 1, to: 12, names: MONTHS },
  { name: 'day of week', from: 1, to: 7, names: WEEKDAYS },
  { name: 'year', from: 1970, to: 2199, names: [] },
];

interface Field {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly names: readonly string[];
}

/** For each field the values it matches. */
type CronFields = readonly ReadonlySet<number>[];

/**
 * Parses AWS's six-field cron.
 *
 * @throws AwsError `ValidationException` for what AWS would refuse, `NotImplemented` for `L`, `W` and `#`.
 */
function parseCron(text: string, invalid: (why: string) => Error): CronFields {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) throw invalid(`cron needs ${FIELDS.length} fields`);
  if ((parts[2] === '?') === (parts[4] === '?'))
    throw invalid('one of day of month and day of week must be ?');
  return FIELDS.map((field, index) => parseField(parts[index] ?? '', field, invalid));
}

function parseField(text: string, field: Field, invalid: (why: string) => Error): Set<number> {
  const values = new Set<number>();
  for (const item of text.split(',')) {
    if (/[LW#]/.test(item) && !/^[A-Z]{3}/.test(item)) throw notImplemented(`cron ${field.name} '${item}'`);
    const [range = '', step] = item.split('/');
    const [low, high] = range === '*' || range === '?' ? [field.from, field.to] : bounds(range, step, field);
    const every = step === undefined ? 1 : Number(step);
    if (!(low >= field.from && high <= field.to && low <= high && Number.isInteger(every) && every > 0)) {
      throw invalid(`${field.name} '${item}'`);
    }
    for (let value = low; value <= high; value += every) values.add(value);
  }
  return values;
}

/** `5` is 5 to 5, but `5/10` starts at 5 and runs to the end. */
function bounds(range: string, step: string | undefined, field: Field): [number, number] {
  const [first = '', last] = range.split('-');
  const low = fieldValue(first, field);
  if (last !== undefined) return [low, fieldValue(last, field)];
  return [low, step === undefined ? low : field.to];
}

function fieldValue(text: string, { names, from }: Field): number {
  const named = names.indexOf(text.toUpperCase());
  return named >= 0 ? named + from : /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** Milliseconds of one UTC day. */
const DAY_MS = 86_400_000;
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
