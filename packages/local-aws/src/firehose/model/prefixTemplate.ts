import { randomBytes } from 'node:crypto';
import { formatJavaTime, type JavaTimePattern, parseJavaTime } from './javaTime.ts';

/** One part of a prefix: fixed text or an expression. */
export type PrefixPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'timestamp'; readonly pattern: JavaTimePattern }
  | { readonly kind: 'partitionKey'; readonly name: string }
  | { readonly kind: 'randomString' }
  | { readonly kind: 'errorOutputType' };

/** A `Prefix` or `ErrorOutputPrefix`, taken apart. https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html */
export interface PrefixTemplate {
  readonly parts: readonly PrefixPart[];
}

/** What keeps a text from being a prefix: against Firehose's rules, or its rules are kept but we don't do it. */
export type PrefixProblem = { readonly invalid: string } | { readonly unsupported: string };

const EXPRESSION = /!\{([^}]*)\}/g;

/** Takes a prefix apart: `logs/!{timestamp:yyyy-MM-dd}/` → text, timestamp, text. */
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

/** Whether any expression stands in the prefix. */
export function hasExpression({ parts }: PrefixTemplate): boolean {
  return parts.some(({ kind }) => kind !== 'text');
}

/** What the expressions of a prefix stand for, for one object. */
export interface PrefixValues {
  /** Arrival of the object's oldest record, epoch ms. */
  readonly oldestArrivalMs: number;
  readonly timeZone: string;
  readonly partition?: ReadonlyMap<string, string>;
  readonly errorOutputType?: string;
}

/** The prefix of one object. A key that the partition lacks can't be: streams refuse such prefixes when created. */
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

/** Eleven letters and digits, as AWS's examples have them; new at each use. */
function randomString(): string {
  return randomBytes(16).toString('base64').replace(/[+/=]/g, '').slice(0, 11).padEnd(11, '0');
}
