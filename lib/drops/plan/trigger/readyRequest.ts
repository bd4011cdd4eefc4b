import * as z from 'zod';
import { expectation } from '../../../config/expectation.ts';
import { meantIssues } from '../../../config/meantIssues.ts';
import { parseJson } from '../../../json/parseJson.ts';
import { shownValue } from '../../../json/shownValue.ts';
import { valueAt } from '../../../json/valueAt.ts';
import { isUtcDay, type UtcDay } from '../../../time/utcDay.ts';
import { MAX_BODY_LENGTH, MAX_DAYS, MAX_SOURCES } from './limits.ts';
import { TriggerError } from './TriggerError.ts';

/** A key in the place of something else: what came is shown in answers and logs. */
const KEY = /\b(secret|console)-[^"]*/g;

const day = z.string('a day, YYYY-MM-DD').refine(isUtcDay, 'a day, YYYY-MM-DD');
const name = z.string('the name of a source').min(1, 'the name of a source').max(64, 'the name of a source');
/** Statsig's own example sends one day as a text: https://docs.statsig.com/data-warehouse-ingestion/introduction */
const oneOrMany = <Item extends z.ZodType<string>>(item: Item, most: number, what: string) =>
  z
    .union([item, z.array(item).min(1, what).max(most, what)], what)
    .transform((value) => [...new Set(typeof value === 'string' ? [value] : value)]);

const schema = z.strictObject({
  datestamps: oneOrMany(day, MAX_DAYS, `a day, YYYY-MM-DD, or a list of 1 to ${MAX_DAYS}`),
  type: z.enum(['events', 'metrics', 'exposures'], 'events, metrics or exposures'),
  sources: oneOrMany(name, MAX_SOURCES, `the name of a source, or a list of 1 to ${MAX_SOURCES}`).optional(),
});

/** Which data somebody says is ready. */
export interface ReadyRequest {
  readonly days: readonly UtcDay[];
  readonly kind: 'events' | 'metrics' | 'exposures';
  /** Names; undefined for all that have such datasets. */
  readonly sources: readonly string[] | undefined;
}

/**
 * Reads the body of `POST /v1/mark_data_ready_dwh`.
 *
 * @throws TriggerError SLUICE_TRIGGER_BODY_INVALID, naming the members that are wrong.
 */
export function readReadyRequest(text: string): ReadyRequest {
  if (text.length > MAX_BODY_LENGTH)
    throw new TriggerError('SLUICE_TRIGGER_BODY_INVALID', `It has more than ${MAX_BODY_LENGTH} characters.`);
  const body = parseJson(text);
  if (body === undefined) throw new TriggerError('SLUICE_TRIGGER_BODY_INVALID', noJson(text));
  const result = schema.safeParse(body);
  if (!result.success) {
    const wrong = result.error.issues
      .flatMap(meantIssues)
      .map((issue) =>
        issue.code === 'unrecognized_keys'
          ? `${issue.keys.join(', ')}: no such member.`
          : `${issue.path.join('.') || 'the body'}: came ${shown(body, issue.path)}, expected ${expectation(issue)}.`,
      );
    throw new TriggerError('SLUICE_TRIGGER_BODY_INVALID', wrong.join(' '));
  }
  const { datestamps, type, sources } = result.data;
  return { days: datestamps.sort(), kind: type, sources };
}

function noJson(text: string): string {
  if (text.trim() === '') return 'It is empty.';
  // The first byte of gzip, which a gateway that takes the body for text leaves as it is.
  return text.startsWith('\u001f') ? 'It is compressed: send it as it is.' : 'It is no JSON.';
}

function shown(body: unknown, path: readonly PropertyKey[]): string {
  return shownValue(valueAt(body, path)).replace(KEY, '$1-…');
}
