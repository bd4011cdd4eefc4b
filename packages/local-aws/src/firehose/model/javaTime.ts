/** Letters of Java's DateTimeFormatter that are understood, by how often they may be repeated. */
const FIELDS: ReadonlyMap<string, (time: ZonedTime) => string> = new Map([
  ['yyyy', ({ year }) => year.padStart(4, '0')],
  ['uuuu', ({ year }) => year.padStart(4, '0')],
  ['yy', ({ year }) => year.slice(-2)],
  ['uu', ({ year }) => year.slice(-2)],
  ['MM', ({ month }) => month],
  ['M', ({ month }) => String(Number(month))],
  ['dd', ({ day }) => day],
  ['d', ({ day }) => String(Number(day))],
  ['HH', ({ hour }) => hour],
  ['H', ({ hour }) => String(Number(hour))],
  ['mm', ({ minute }) => minute],
  ['m', ({ minute }) => String(Number(minute))],
  ['ss', ({ second }) => second],
  ['s', ({ second }) => String(Number(second))],
  ['SSS', ({ millisecond }) => millisecond],
]);

interface ZonedTime {
  readonly year: string;
  readonly month: string;
  readonly day: string;
  readonly hour: string;
  readonly minute: string;
  readonly second: string;
  readonly millisecond: string;
}

/** A pattern of Java's DateTimeFormatter, taken apart once: texts and fields in order. */
export type JavaTimePattern = readonly ({ readonly text: string } | { readonly field: string })[];

/**
 * Takes a pattern apart: letters are fields, everything else stands for itself, `'…'` quotes letters.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
 *
 * @returns the field that isn't understood, by its letters, instead of a pattern.
 */
export function parseJavaTime(pattern: string): JavaTimePattern | { readonly unknown: string } {
  const parts: ({ text: string } | { field: string })[] = [];
  for (const [token] of pattern.matchAll(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+|'/g)) {
    if (token.startsWith("'")) {
      if (token.length === 1) return { unknown: token };
      parts.push({ text: token === "''" ? "'" : token.slice(1, -1).replaceAll("''", "'") });
    } else if (/^[A-Za-z]/.test(token)) {
      if (!FIELDS.has(token)) return { unknown: token };
      parts.push({ field: token });
    } else parts.push({ text: token });
  }
  return parts;
}

/** Writes an instant (epoch ms) in a time zone (IANA name) by a pattern. */
export function formatJavaTime(pattern: JavaTimePattern, epochMs: number, timeZone: string): string {
  const time = zonedTime(epochMs, timeZone);
  return pattern
    .map((part) => ('text' in part ? part.text : (FIELDS.get(part.field)?.(time) ?? '')))
    .join('');
}

/** Whether a text is a time zone that the runtime knows. */
export function isTimeZone(name: string): boolean {
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

function zonedTime(epochMs: number, timeZone: string): ZonedTime {
  const parts = new Map(
    formatterOf(timeZone)
      .formatToParts(epochMs)
      .map(({ type, value }) => [type, value]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => (parts.get(name) ?? '').padStart(2, '0');
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
    millisecond: String(((epochMs % 1000) + 1000) % 1000).padStart(3, '0'),
  };
}
