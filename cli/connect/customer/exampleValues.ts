import { quoteText } from '../../../lib/base/sql.ts';
import type { UtcDay } from '../../../lib/base/time.ts';
import type { Cast, TimeField } from '../../../lib/schema/mappings.ts';

/** Makes a value that is accepted in a file of a day, as SQL of DuckDB. */
export type Example = (day: UtcDay) => string;

/** Noon UTC is on the same day nearly everywhere on earth. */
const NOON = 'T12:00:00Z';

/** A number that every column of numbers takes. */
export const exampleNumber: Example = () => '2';

/** A text without a form of its own. */
export const exampleText: Example = () => "'example'";

/** Returns an example of a value that a cast accepts. */
export function exampleValue(cast: Cast): Example {
  switch (cast) {
    case 'string':
      return exampleText;
    case 'bigint':
      return () => 'CAST(2 AS BIGINT)';
    case 'double':
      return () => 'CAST(1.5 AS DOUBLE)';
    case 'boolean':
      return () => 'true';
    case 'date':
      return (day) => `DATE ${quoteText(day)}`;
    case 'timestamp':
      return (day) => `TIMESTAMPTZ ${quoteText(day + NOON)}`;
    case 'uuid':
      return () => "'8d1244ef-86df-4bf7-90e5-d9e6e9645a50'";
  }
}

const DIGITS = { s: 0, ms: 3, us: 6, ns: 9 } as const;

/** A time as its unit or format reads it. @param isPath It is part of a path. */
export function exampleTime({ unit, format }: Pick<TimeField, 'unit' | 'format'>, isPath: boolean): Example {
  if (format !== undefined) return (day) => quoteText(formatTime(format, new Date(`${day}${NOON}`)));
  switch (unit) {
    case 's':
    case 'ms':
    case 'us':
    case 'ns':
      return (day) => `CAST(${Date.parse(`${day}${NOON}`) / 1_000}${'0'.repeat(DIGITS[unit])} AS BIGINT)`;
    case 'iso':
      return (day) => quoteText(isPath ? day : day + NOON);
    default:
      return (day) => (isPath ? quoteText(day) : `TIMESTAMPTZ ${quoteText(day + NOON)}`);
  }
}

/** As lib/schema/timeFormat.ts reads a format. */
const PIECES = /'((?:[^']|'')+)'|('')|(([A-Za-z])\4*)|([^A-Za-z'])/g;

/** A time in UTC as a format writes it, with its optional sections. */
function formatTime(format: string, at: Date): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options }).format(at);
  const padded = (value: number, letters: string) => String(value).padStart(letters.length, '0');
  const hour = at.getUTCHours();
  const ofLetter = (letters: string): string => {
    const long = letters.length > 3;
    switch (letters[0]) {
      case 'y':
      case 'u':
        return letters.length === 2 ? String(at.getUTCFullYear()).slice(2) : String(at.getUTCFullYear());
      case 'M':
        return letters.length > 2
          ? part({ month: long ? 'long' : 'short' })
          : padded(at.getUTCMonth() + 1, letters);
      case 'd':
        return padded(at.getUTCDate(), letters);
      case 'H':
        return padded(hour, letters);
      case 'h':
        return padded(hour % 12 === 0 ? 12 : hour % 12, letters);
      case 'm':
        return padded(at.getUTCMinutes(), letters);
      case 's':
        return padded(at.getUTCSeconds(), letters);
      case 'S':
        return '0'.repeat(letters.length);
      case 'a':
        return hour < 12 ? 'AM' : 'PM';
      case 'E':
        return part({ weekday: long ? 'long' : 'short' });
      case 'X':
        return 'Z';
      case 'x':
        return letters.length === 1 ? '+00' : letters.length === 2 ? '+0000' : '+00:00';
      case 'Z':
        return '+0000';
      default:
        return 'UTC';
    }
  };
  return format.replaceAll(
    PIECES,
    (_, quoted?: string, quote?: string, letters?: string, __?, other = '') => {
      if (letters !== undefined) return ofLetter(letters);
      if (quote !== undefined) return "'";
      return quoted?.replaceAll("''", "'") ?? (other === '[' || other === ']' ? '' : other);
    },
  );
}
