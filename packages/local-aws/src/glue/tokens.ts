import { notImplemented } from '../protocol/AwsError.ts';
import { invalidInput } from './errors.ts';

/** A piece of a partition filter; words in upper case are its keywords. */
export type Token =
  | { readonly kind: 'name' | 'text' | 'number' | 'operator'; readonly text: string }
  | { readonly kind: 'keyword'; readonly text: string };

const KEYWORDS = new Set(['AND', 'OR', 'NOT', 'IN', 'BETWEEN']);
/** Known to Glue, not here. */
const REFUSED = new Set(['LIKE', 'IS', 'NULL', 'DATE', 'TIMESTAMP', 'CAST']);

const TOKEN =
  /\s*(?:'((?:[^']|'')*)'|(-?\d+(?:\.\d+)?)|"((?:[^"]|"")+)"|`([^`]+)`|([A-Za-z_]\w*)|(<>|!=|<=|>=|[=<>(),]))/y;

/** Splits a partition filter into its pieces. */
export function tokens(expression: string): Token[] {
  const found: Token[] = [];
  const text = expression.trim();
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null)
      throw invalidInput(`Unsupported expression '${expression}': cannot be read at ${at}.`);
    at = TOKEN.lastIndex;
    found.push(tokenOf(match));
  }
  return found;
}

function tokenOf([, text, number, quoted, ticked, word, operator]: RegExpExecArray): Token {
  if (text !== undefined) return { kind: 'text', text: text.replaceAll("''", "'") };
  if (number !== undefined) return { kind: 'number', text: number };
  if (quoted !== undefined) return { kind: 'name', text: quoted.replaceAll('""', '"') };
  if (ticked !== undefined) return { kind: 'name', text: ticked };
  if (operator !== undefined) return { kind: 'operator', text: operator === '!=' ? '<>' : operator };
  const upper = (word ?? '').toUpperCase();
  if (REFUSED.has(upper)) throw notImplemented(`glue GetPartitions Expression with ${upper}`);
  return KEYWORDS.has(upper) ? { kind: 'keyword', text: upper } : { kind: 'name', text: word ?? '' };
}
