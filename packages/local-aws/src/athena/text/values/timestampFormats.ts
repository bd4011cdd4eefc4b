import { notEmulated } from '../../engine/StatementError.ts';
import { millisLiteral, timestampLiteral } from './scalars.ts';

/** Reads a timestamp as a JSON literal; undefined for a text that is none. */
export type TimestampReader = (text: string) => string | undefined;

/** The fields of a pattern that are emulated, and their regular expressions. */
const FIELDS: Readonly<Record<string, string>> = {
  y: '(?<year>\\d{4,})',
  M: '(?<month>\\d{1,2})',
  d: '(?<day>\\d{1,2})',
  H: '(?<hour>\\d{1,2})',
  m: '(?<minute>\\d{1,2})',
  s: '(?<second>\\d{1,2})',
  S: '(?<fraction>\\d{1,9})',
};

/**
 * Reads timestamps by the SerDe's property `timestamp.formats`: patterns, separated by commas, or `millis`. Hive's own
 * formats are always read, too. https://docs.aws.amazon.com/athena/latest/ug/lazy-simple-serde.html
 *
 * @throws StatementError for a pattern with other fields than numbers from the year to the fraction of a second.
 */
export function timestampReader(formats: string | undefined): TimestampReader {
  if (formats === undefined || formats === '') return timestampLiteral;
  const patterns = formats
    .split(/(?<!\\),/)
    .map((format) => format.replaceAll(/\\(.)/g, '$1'))
    .filter((format) => format !== '');
  const readers = patterns.map(patternReader);
  return (text) => {
    const trimmed = text.trim();
    for (const read of readers) {
      const literal = read(trimmed);
      if (literal !== undefined) return literal;
    }
    return timestampLiteral(text);
  };
}

function patternReader(pattern: string): TimestampReader {
  if (pattern.toLowerCase() === 'millis') {
    return (text) => {
      const whole = /^(-?\d+)(?:\.\d+)?$/.exec(text)?.[1];
      return whole === undefined ? undefined : millisLiteral(Number(whole));
    };
  }
  const parts = pattern.match(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']/g) ?? [];
  const seen = new Set<string>();
  const source = parts.map((part) => {
    const letter = part.charAt(0);
    if (letter === "'") return escapePattern(part === "''" ? "'" : part.slice(1, -1).replaceAll("''", "'"));
    if (!/[A-Za-z]/.test(letter)) return escapePattern(part);
    const field = FIELDS[letter];
    if (field === undefined || seen.has(letter) || (letter === 'M' && part.length > 2))
      throw notEmulated(`The timestamp format ${pattern}`);
    seen.add(letter);
    return field;
  });
  const expression = new RegExp(`^${source.join('')}$`);
  return (text) => {
    const found = expression.exec(text)?.groups;
    if (found === undefined) return undefined;
    const { year = '1970', month = '1', day = '1', hour = '0', minute = '0', second = '0', fraction } = found;
    return timestampLiteral(
      `${year}-${month}-${day} ${hour}:${minute}:${second}${fraction === undefined ? '' : `.${fraction}`}`,
    );
  };
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
