import { DAY_MS, HOUR_MS, MINUTE_MS } from '../base/clock.ts';
import { AwsError, notImplemented } from '../protocol/AwsError.ts';

/** Months by name, as AWS's cron accepts them. */
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
/** Days of the week by name, as AWS's cron accepts them. Sunday is day 1. */
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** A field of a cron expression. */
interface Field {
  /** The field's name in messages. */
  readonly name: string;
  /** The least value. */
  readonly from: number;
  /** The greatest value. */
  readonly to: number;
  /** Names of the values from the least on. */
  readonly names: readonly string[];
}

/** The six fields, with their ranges. https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html */
const FIELDS: Readonly<Record<keyof CronFields, Field>> = {
  minutes: { name: 'minutes', from: 0, to: 59, names: [] },
  hours: { name: 'hours', from: 0, to: 23, names: [] },
  days: { name: 'day of month', from: 1, to: 31, names: [] },
  months: { name: 'month', from: 1, to: 12, names: MONTHS },
  weekdays: { name: 'day of week', from: 1, to: 7, names: WEEKDAYS },
  years: { name: 'year', from: 1970, to: 2199, names: [] },
};

/** The values that each field matches. */
interface CronFields {
  /** Minutes of an hour, from 0. */
  readonly minutes: ReadonlySet<number>;
  /** Hours of a day, from 0. */
  readonly hours: ReadonlySet<number>;
  /** Days of a month, from 1. */
  readonly days: ReadonlySet<number>;
  /** 1 is January. */
  readonly months: ReadonlySet<number>;
  /** 1 is Sunday. */
  readonly weekdays: ReadonlySet<number>;
  /** Calendar years. */
  readonly years: ReadonlySet<number>;
}

/**
 * Parses AWS's six-field cron.
 *
 * @param invalid Makes the error for a text that AWS would refuse.
 * @throws AwsError `ValidationException` for what AWS would refuse, `NotImplemented` for `L`, `W` and `#`.
 */
function parseCron(text: string, invalid: (why: string) => Error): CronFields {
  const [minutes, hours, days, months, weekdays, years, ...surplus] = text.trim().split(/\s+/);
  if (!minutes || !hours || !days || !months || !weekdays || !years || surplus.length > 0)
    throw invalid(`cron needs ${Object.keys(FIELDS).length} fields`);
  if ((days === '?') === (weekdays === '?')) throw invalid('one of day of month and day of week must be ?');
  if ([minutes, hours, months, years].includes('?'))
    throw invalid('only day of month and day of week can be ?');
  return {
    minutes: parseField(minutes, FIELDS.minutes, invalid),
    hours: parseField(hours, FIELDS.hours, invalid),
    days: parseField(days, FIELDS.days, invalid),
    months: parseField(months, FIELDS.months, invalid),
    weekdays: parseField(weekdays, FIELDS.weekdays, invalid),
    years: parseField(years, FIELDS.years, invalid),
  };
}

/** Values that are not emulated: `L`, `15W`, `LW`, `6L`, `FRIL`, `6#2`, `FRI#2`. */
const NOT_EMULATED = /#|^\d*(?:L|W|LW)$|^[A-Z]{3}L$/i;

/** An item of a field: `*`, `5`, `MON-FRI`, each perhaps with a step: `0/15`. */
const ITEM = /^(?:\*|(?<first>\w+)(?:-(?<last>\w+))?)(?:\/(?<step>\d+))?$/;

/**
 * The values that a field of a cron expression matches. @param invalid Makes the error for a field that AWS would
 * refuse.
 */
function parseField(text: string, field: Field, invalid: (why: string) => Error): Set<number> {
  const values = new Set<number>();
  for (const item of text === '?' ? ['*'] : text.split(',')) {
    if (NOT_EMULATED.test(item)) throw notImplemented(`cron ${field.name} '${item}'`);
    const groups = ITEM.exec(item)?.groups;
    if (groups === undefined) throw invalid(`${field.name} '${item}'`);
    const { first, last, step } = groups;
    const low = first === undefined ? field.from : fieldValue(first, field);
    // `5` is 5 to 5, but `5/10` starts at 5 and runs to the end.
    const openEnd = first === undefined || step !== undefined ? field.to : low;
    const high = last === undefined ? openEnd : fieldValue(last, field);
    const every = Number(step ?? 1);
    if (!(low >= field.from && high <= field.to && low <= high && every > 0))
      throw invalid(`${field.name} '${item}'`);
    for (let value = low; value <= high; value += every) values.add(value);
  }
  return values;
}

/** The value of a number or a name; NaN for any other text. */
function fieldValue(text: string, { names, from }: Field): number {
  const named = names.indexOf(text.toUpperCase());
  if (named >= 0) return named + from;
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}

/** Minutes of a day. */
const MINUTES_OF_DAY = 1_440;
/** The units of a rate, in milliseconds. */
const UNITS_MS: ReadonlyMap<string, number> = new Map([
  ['minute', MINUTE_MS],
  ['hour', HOUR_MS],
  ['day', DAY_MS],
]);

/**
 * The first instant after `afterMs` (epoch ms, UTC) at which a schedule runs; undefined when it never does again.
 *
 * Takes `rate(5 minutes)` and `cron(5 0 * * ? *)`. A rate counts from `afterMs`, as it does from a schedule's creation.
 *
 * @throws AwsError `ValidationException` for an expression that AWS refuses, `NotImplemented` for one that only the
 * local cloud refuses.
 */
export function nextRun(expression: string, afterMs: number): number | undefined {
  const invalid = (why: string) =>
    new AwsError('ValidationException', 400, `Invalid Schedule Expression ${expression}: ${why}.`);
  const rate = /^rate\((?<count>\d+) (?<unit>minute|hour|day)s?\)$/.exec(expression)?.groups;
  if (rate !== undefined) {
    const { count, unit } = rate;
    if (Number(count) < 1) throw invalid('the rate must be positive');
    return afterMs + Number(count) * (UNITS_MS.get(unit ?? '') ?? Number.NaN);
  }
  const cron = /^cron\((.*)\)$/.exec(expression);
  if (cron === null) throw invalid('neither rate(…) nor cron(…)');
  return nextCronRun(parseCron(cron[1] ?? '', invalid), afterMs);
}

/** Looks at one day after the other, and on a day of the schedule at its minutes. */
function nextCronRun(cron: CronFields, afterMs: number): number | undefined {
  let at = Math.floor(afterMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const lastYear = Math.max(...cron.years);
  for (let date = new Date(at); date.getUTCFullYear() <= lastYear; date = new Date(at)) {
    const isDay =
      cron.years.has(date.getUTCFullYear()) &&
      cron.months.has(date.getUTCMonth() + 1) &&
      cron.days.has(date.getUTCDate()) &&
      cron.weekdays.has(date.getUTCDay() + 1);
    const midnight = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
    for (let minute = (at - midnight) / MINUTE_MS; isDay && minute < MINUTES_OF_DAY; minute += 1) {
      if (cron.hours.has(Math.floor(minute / 60)) && cron.minutes.has(minute % 60))
        return midnight + minute * MINUTE_MS;
    }
    at = midnight + DAY_MS;
  }
  return undefined;
}
