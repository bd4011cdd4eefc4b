import { ExactNumber, isExact, isJsonObject } from './json.ts';
import { parseSentJson } from './sentJson.ts';

/**
 * JSON.parse that keeps numbers which a double cannot hold, as {@link ExactNumber}. A snowflake ID that was sent as a
 * number must not become its neighbour's. It is several times slower than JSON.parse: only for batches that need it.
 *
 * @throws SyntaxError as JSON.parse does. RangeError for JSON that is nested some thousand levels deep: V8 calls revivers by
 *   recursion.
 */
export function parseExactJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) =>
    typeof value === 'number' && !isExact(value) ? new ExactNumber(context?.source ?? String(value)) : value,
  );
}

/** Characters of JSON that {@link parseExactJson} reads within seconds, whatever they are. */
export const MAX_EXACT_LENGTH = 4 * 1024 * 1024;

/**
 * Parses like {@link parseExactJson}, with null for what is no number ({@link parseSentJson}). The result is undefined,
 * which is no JSON value, if that throws, if the value has more than two thousand levels, or if the text is longer than
 * {@link MAX_EXACT_LENGTH} and has a number that a double cannot hold.
 */
export function tryParseExactJson(text: string): unknown {
  const parse = (json: string): unknown => {
    const parsed: unknown = JSON.parse(json);
    if (isDeeper(parsed)) return undefined;
    if (isExactJson(parsed)) return parsed;
    return json.length > MAX_EXACT_LENGTH ? undefined : parseExactJson(json);
  };
  try {
    return parseSentJson(text, parse).value;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Levels that code which follows values by recursion can take: V8's stack has room for ten times as many. */
const MOST_LEVELS = 2_000;

/** Whether a value is nested more deeply than {@link MOST_LEVELS}. */
function isDeeper(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_LEVELS) return true;
    level = level.flatMap((node) => (typeof node === 'object' && node !== null ? Object.values(node) : []));
  }
  return false;
}

/** Whether JSON.parse held every number of a value that it made, however deep. */
export function isExactJson(value: unknown): boolean {
  const open: unknown[] = [value];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (typeof node === 'number' && !isExact(node)) return false;
    if (Array.isArray(node)) for (const item of node) open.push(item);
    else if (isJsonObject(node)) for (const member of Object.values(node)) open.push(member);
  }
  return true;
}
