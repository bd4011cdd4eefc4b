import { notEmulated } from '../engine/StatementError.ts';

/** A unit of time, by the name of Java's ChronoUnit. */
export type TimeUnit = 'YEARS' | 'MONTHS' | 'WEEKS' | 'DAYS' | 'HOURS' | 'MINUTES' | 'SECONDS' | 'MILLIS';

/** Milliseconds of the units that are always as long. */
export const UNIT_MS: Readonly<Partial<Record<TimeUnit, number>>> = {
  WEEKS: 604_800_000,
  DAYS: 86_400_000,
  HOURS: 3_600_000,
  MINUTES: 60_000,
  SECONDS: 1_000,
  MILLIS: 1,
};

/** A date and time in UTC, of which a pattern may name only some parts. */
interface Fields {
  year?: number;
  month?: number;
  day?: number;
  dayOfYear?: number;
  hour?: number;
  /** 1 to 12. */
  halfHour?: number;
  afternoon?: boolean;
  minute?: number;
  second?: number;
  ms?: number;
}

interface Field {
  /** What it is in a text, as a regular expression. */
  readonly expression: string;
  readonly unit: TimeUnit;
  readonly print: (date: Date) => string;
  readonly read: (text: string, into: Fields) => void;
}

/** A pattern of Java's DateTimeFormatter. Times are epoch milliseconds. */
export interface DatePattern {
  /** The smallest unit that it names. */
  readonly unit: TimeUnit;
  readonly format: (time: number) => string;
  /** The first time that the text can be; undefined when it isn't of the pattern. */
  readonly parse: (text: string) => number | undefined;
}

const UNITS: readonly TimeUnit[] = [
  ...(['YEARS', 'MONTHS', 'WEEKS', 'DAYS'] as const),
  ...(['HOURS', 'MINUTES', 'SECONDS', 'MILLIS'] as const),
];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June'],
  ...['July', 'August', 'September', 'October', 'November', 'December'],
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/**
 * Reads a pattern of Java's DateTimeFormatter, with English names.
 * https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/time/format/DateTimeFormatter.html
 *
 * @throws StatementError for letters that are not emulated: zones, weeks, quarters, eras and optional parts.
 */
export function readDatePattern(pattern: string): DatePattern {
  const parts: (string | Field)[] = [];
  for (const [piece] of pattern.matchAll(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'/g)) {
    if (/^[A-Za-z]/.test(piece)) parts.push(readField(piece, pattern));
    else if (/[[\]{}#]/.test(piece) && !piece.startsWith("'")) throw unknown(pattern);
    else if (piece === "'") throw unknown(pattern);
    else if (piece.startsWith("'"))
      parts.push(piece === "''" ? "'" : piece.slice(1, -1).replaceAll("''", "'"));
    else parts.push(piece);
  }
  const fields = parts.filter((part) => typeof part !== 'string');
  const expression = new RegExp(
    `^${parts.map((part) => (typeof part === 'string' ? part.replaceAll(/[^A-Za-z0-9]/gu, escaped) : `(${part.expression})`)).join('')}$`,
    'u',
  );
  return {
    unit: UNITS[Math.max(0, ...fields.map(({ unit }) => UNITS.indexOf(unit)))] ?? 'YEARS',
    format: (time) => {
      const date = new Date(time);
      return parts.map((part) => (typeof part === 'string' ? part : part.print(date))).join('');
    },
    parse: (text) => {
      const found = expression.exec(text);
      if (found === null) return undefined;
      const into: Fields = {};
      for (const [index, field] of fields.entries()) field.read(found[index + 1] ?? '', into);
      return timeOf(into);
    },
  };
}

/** A character of a regular expression that stands for itself. */
function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

function unknown(pattern: string) {
  return notEmulated(`The date format '${pattern}' of a partition projection`);
}

/** A field of digits. @param width The number of letters: one stands for as many digits as there are. */
function digits(
  width: number,
  most: number,
  unit: TimeUnit,
  get: (date: Date) => number,
  set: (value: number, into: Fields) => void,
): Field {
  return {
    expression: width === 1 ? `\\d{1,${most}}` : `\\d{${width}}`,
    unit,
    print: (date) => String(get(date)).padStart(width, '0'),
    read: (text, into) => set(Number(text), into),
  };
}

/** A field of names, in full or by their first three letters. */
function names(
  all: readonly string[],
  width: number,
  unit: TimeUnit,
  get: (date: Date) => number,
  set: (value: number, into: Fields) => void,
): Field {
  const shown = width === 4 ? all : all.map((name) => name.slice(0, 3));
  return {
    expression: shown.join('|'),
    unit,
    print: (date) => shown[get(date)] ?? '',
    read: (text, into) => set(shown.indexOf(text), into),
  };
}

function readField(letters: string, pattern: string): Field {
  const width = letters.length;
  const month = (value: number, into: Fields) => {
    into.month = value;
  };
  switch (`${letters[0]}${width > 4 && letters[0] !== 'S' ? '+' : width}`) {
    case 'y1':
    case 'u1':
    case 'y4':
    case 'u4':
      return digits(width, 9, 'YEARS', yearOf, (value, into) => {
        into.year = value;
      });
    case 'y2':
    case 'u2':
      return digits(
        2,
        2,
        'YEARS',
        (date) => yearOf(date) % 100,
        (value, into) => {
          into.year = 2000 + value;
        },
      );
    case 'M1':
    case 'L1':
    case 'M2':
    case 'L2':
      return digits(width, 2, 'MONTHS', (date) => date.getUTCMonth() + 1, month);
    case 'M3':
    case 'M4':
    case 'L3':
    case 'L4':
      return names(
        MONTHS,
        width,
        'MONTHS',
        (date) => date.getUTCMonth(),
        (value, into) => month(value + 1, into),
      );
    case 'd1':
    case 'd2':
      return digits(
        width,
        2,
        'DAYS',
        (date) => date.getUTCDate(),
        (value, into) => {
          into.day = value;
        },
      );
    case 'D1':
    case 'D3':
      return digits(width, 3, 'DAYS', dayOfYear, (value, into) => {
        into.dayOfYear = value;
      });
    case 'E1':
    case 'E2':
    case 'E3':
    case 'E4':
      return names(
        DAYS,
        width,
        'DAYS',
        (date) => date.getUTCDay(),
        () => undefined,
      );
    case 'H1':
    case 'H2':
      return digits(
        width,
        2,
        'HOURS',
        (date) => date.getUTCHours(),
        (value, into) => {
          into.hour = value;
        },
      );
    case 'h1':
    case 'h2':
      return digits(
        width,
        2,
        'HOURS',
        (date) => date.getUTCHours() % 12 || 12,
        (value, into) => {
          into.halfHour = value;
        },
      );
    case 'a1':
      return {
        expression: 'AM|PM',
        unit: 'HOURS',
        print: (date) => (date.getUTCHours() < 12 ? 'AM' : 'PM'),
        read: (text, into) => {
          into.afternoon = text === 'PM';
        },
      };
    case 'm1':
    case 'm2':
      return digits(
        width,
        2,
        'MINUTES',
        (date) => date.getUTCMinutes(),
        (value, into) => {
          into.minute = value;
        },
      );
    case 's1':
    case 's2':
      return digits(
        width,
        2,
        'SECONDS',
        (date) => date.getUTCSeconds(),
        (value, into) => {
          into.second = value;
        },
      );
    default:
      break;
  }
  if (!/^S{1,9}$/.test(letters)) throw unknown(pattern);
  return {
    expression: `\\d{${width}}`,
    unit: 'MILLIS',
    print: (date) => String(date.getUTCMilliseconds()).padStart(3, '0').padEnd(9, '0').slice(0, width),
    read: (text, into) => {
      into.ms = Number(text.padEnd(3, '0').slice(0, 3));
    },
  };
}

function yearOf(date: Date): number {
  return date.getUTCFullYear();
}

function dayOfYear(date: Date): number {
  const start = new Date(date);
  start.setUTCMonth(0, 1);
  return Math.round((date.getTime() - start.getTime()) / 86_400_000) + 1;
}

/** The time of the fields; undefined without a year, or when a field is out of its range. */
function timeOf(fields: Fields): number | undefined {
  const { year, month = 1, day = 1, minute = 0, second = 0, ms = 0 } = fields;
  const { halfHour, afternoon = false } = fields;
  const hour = fields.hour ?? (halfHour === undefined ? 0 : (halfHour % 12) + (afternoon ? 12 : 0));
  const isHalf = halfHour === undefined || (halfHour >= 1 && halfHour <= 12);
  if (year === undefined || month < 1 || month > 12 || day < 1 || day > 31 || !isHalf) return undefined;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  // Java takes the last day of a month for the 31st of a shorter one.
  const date = new Date(utc(year, month - 1, Math.min(day, daysIn(year, month - 1))));
  if (fields.dayOfYear !== undefined) {
    date.setUTCMonth(0, fields.dayOfYear);
    if (fields.dayOfYear < 1 || yearOf(date) !== year) return undefined;
  }
  return date.setUTCHours(hour, minute, second, ms);
}

/** Date.UTC, but for its reading of the years before 100. */
function utc(year: number, month: number, day: number): number {
  const date = new Date(0);
  return date.setUTCFullYear(year, month, day);
}

function daysIn(year: number, month: number): number {
  return new Date(utc(year, month + 1, 0)).getUTCDate();
}

/** A time and a number of units. A day that its month lacks becomes the month's last, as in Java. */
export function plusUnits(time: number, count: number, unit: TimeUnit): number {
  const ms = UNIT_MS[unit];
  if (ms !== undefined) return time + count * ms;
  const date = new Date(time);
  const months = yearOf(date) * 12 + date.getUTCMonth() + count * (unit === 'YEARS' ? 12 : 1);
  const [year, month] = [Math.floor(months / 12), ((months % 12) + 12) % 12];
  const day = Math.min(date.getUTCDate(), daysIn(year, month));
  return date.setUTCFullYear(year, month, day);
}
