import { notImplemented } from '../protocol/AwsError.ts';

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
export type CronFields = readonly ReadonlySet<number>[];

/**
 * Parses AWS's six-field cron.
 *
 * @throws AwsError `ValidationException` for what AWS would refuse, `NotImplemented` for `L`, `W` and `#`.
 */
export function parseCron(text: string, invalid: (why: string) => Error): CronFields {
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
