/** Supported letters of Java's DateTimeFormatter, with the number of repetitions, and where they are in an ISO time. */
const FIELDS: ReadonlyMap<string, readonly [from: number, to: number]> = new Map([
  ['yyyy', [0, 4]],
  ['MM', [5, 7]],
  ['dd', [8, 10]],
  ['HH', [11, 13]],
  ['mm', [14, 16]],
  ['ss', [17, 19]],
]);

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

/** Formats an instant (epoch ms) in UTC by a pattern. */
export function formatJavaTime(pattern: JavaTimePattern, epochMs: number): string {
  const time = new Date(epochMs).toISOString();
  return pattern
    .map((part) => ('text' in part ? part.text : time.slice(...(FIELDS.get(part.field) ?? [0, 0]))))
    .join('');
}

/** One part of a prefix: fixed text or an expression. */
type PrefixPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'timestamp'; readonly pattern: JavaTimePattern }
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
    const part = expression(inner, whole);
    if (!('kind' in part)) return part;
    parts.push(part);
  }
  if (source.includes('!{', end)) return { invalid: `An expression in ${source} is not closed.` };
  if (end < source.length) parts.push({ kind: 'text', text: source.slice(end) });
  return { parts };
}

function expression(inner: string, whole: string): PrefixPart | PrefixProblem {
  if (inner === 'firehose:error-output-type') return { kind: 'errorOutputType' };
  if (/^(firehose:random-string$|partitionKeyFrom(Query|Lambda):)/.test(inner)) return { unsupported: whole };
  const time = /^timestamp:(.*)$/.exec(inner)?.[1];
  if (time === undefined) return { invalid: `${whole} is not a valid expression.` };
  const pattern = parseJavaTime(time);
  return 'unknown' in pattern
    ? { unsupported: `the field ${pattern.unknown} of ${whole}` }
    : { kind: 'timestamp', pattern };
}

/** Whether the prefix contains an expression. */
export function hasExpression({ parts }: PrefixTemplate): boolean {
  return parts.some(({ kind }) => kind !== 'text');
}

/** The values of a prefix's expressions for one object. */
export interface PrefixValues {
  /** Arrival of the object's oldest record, epoch ms. */
  readonly oldestArrivalMs: number;
  readonly errorOutputType: string;
}

/** The prefix of one object. */
export function evaluatePrefix({ parts }: PrefixTemplate, values: PrefixValues): string {
  return parts
    .map((part) => {
      if (part.kind === 'text') return part.text;
      if (part.kind === 'errorOutputType') return values.errorOutputType;
      return formatJavaTime(part.pattern, values.oldestArrivalMs);
    })
    .join('');
}
