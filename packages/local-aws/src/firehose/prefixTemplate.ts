import { randomBytes } from 'node:crypto';

/** Supported letters of Java's DateTimeFormatter, with the number of repetitions. */
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

/** A parsed pattern of Java's DateTimeFormatter: texts and fields in order. */
type JavaTimePattern = readonly ({ readonly text: string } | { readonly field: string })[];

/**
 * Parses a pattern: letters are fields, everything else is literal, `'…'` quotes letters.
 * https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/time/format/DateTimeFormatter.html
 *
 * @returns the letters of the first unsupported field instead of a pattern.
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

/** Formats an instant (epoch ms) in a time zone (IANA name) by a pattern. */
export function formatJavaTime(pattern: JavaTimePattern, epochMs: number, timeZone: string): string {
  const time = zonedTime(epochMs, timeZone);
  return pattern
    .map((part) => ('text' in part ? part.text : (FIELDS.get(part.field)?.(time) ?? '')))
    .join('');
}

/** Whether the runtime knows a time zone of this name. */
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

/** One part of a prefix: fixed text or an expression. */
export type PrefixPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'timestamp'; readonly pattern: JavaTimePattern }
  | { readonly kind: 'partitionKey'; readonly name: string }
  | { readonly kind: 'randomString' }
  | { readonly kind: 'errorOutputType' };

/** A parsed `Prefix` or `ErrorOutputPrefix`. https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html */
export interface PrefixTemplate {
  readonly parts: readonly PrefixPart[];
}

/** Why a text is not a prefix: it breaks Firehose's rules, or it is valid but not emulated. */
export type PrefixProblem = { readonly invalid: string } | { readonly unsupported: string };

const EXPRESSION = /!\{([^}]*)\}/g;

/** Parses a prefix: `logs/!{timestamp:yyyy-MM-dd}/` → text, timestamp, text. */
export function parsePrefix(source: string): PrefixTemplate | PrefixProblem {
  const parts: PrefixPart[] = [];
  let end = 0;
  for (const match of source.matchAll(EXPRESSION)) {
    const [whole, inner = ''] = match;
    if (match.index > end) parts.push({ kind: 'text', text: source.slice(end, match.index) });
    end = match.index + whole.length;
    const colon = inner.indexOf(':');
    const part = expression(inner.slice(0, Math.max(colon, 0)), inner.slice(colon + 1), whole);
    if (!('kind' in part)) return part;
    parts.push(part);
  }
  if (source.includes('!{', end)) return { invalid: `An expression in ${source} is not closed.` };
  if (end < source.length) parts.push({ kind: 'text', text: source.slice(end) });
  return { parts };
}

function expression(namespace: string, value: string, whole: string): PrefixPart | PrefixProblem {
  switch (namespace) {
    case 'timestamp': {
      const pattern = parseJavaTime(value);
      return 'unknown' in pattern
        ? { unsupported: `the field ${pattern.unknown} of ${whole}` }
        : { kind: 'timestamp', pattern };
    }
    case 'partitionKeyFromQuery':
      return { kind: 'partitionKey', name: value };
    case 'partitionKeyFromLambda':
      return { unsupported: whole };
    case 'firehose':
      if (value === 'random-string') return { kind: 'randomString' };
      if (value === 'error-output-type') return { kind: 'errorOutputType' };
  }
  return { invalid: `${whole} is not a valid expression.` };
}

/** Whether the prefix contains an expression. */
export function hasExpression({ parts }: PrefixTemplate): boolean {
  return parts.some(({ kind }) => kind !== 'text');
}

/** The values of a prefix's expressions for one object. */
export interface PrefixValues {
  /** Arrival of the object's oldest record, epoch ms. */
  readonly oldestArrivalMs: number;
  readonly timeZone: string;
  readonly partition?: ReadonlyMap<string, string>;
  readonly errorOutputType?: string;
}

/** The prefix of one object. The partition has every key, because streams refuse other prefixes when created. */
export function evaluatePrefix({ parts }: PrefixTemplate, values: PrefixValues): string {
  return parts.map((part) => evaluatePart(part, values)).join('');
}

function evaluatePart(part: PrefixPart, values: PrefixValues): string {
  switch (part.kind) {
    case 'text':
      return part.text;
    case 'timestamp':
      return formatJavaTime(part.pattern, values.oldestArrivalMs, values.timeZone);
    case 'partitionKey':
      return values.partition?.get(part.name) ?? '';
    case 'randomString':
      return randomString();
    case 'errorOutputType':
      return values.errorOutputType ?? '';
  }
}

/** Eleven letters and digits, as in AWS's examples; different on each use. */
function randomString(): string {
  return randomBytes(16).toString('base64').replace(/[+/=]/g, '').slice(0, 11).padEnd(11, '0');
}
