import * as z from 'zod';
import { readCsv } from '../../lib/base/csv.ts';
import { defineErrorFamily } from '../../lib/base/errors.ts';
import { isUtcDay, type UtcDay } from '../../lib/base/time.ts';

/** Errors of a list of counts that `sluice reconcile --against` is given. */
export const CountsError = defineErrorFamily('user', {
  SLUICE_COUNTS_NOT_READ: {
    cause: 'The file of counts could not be read.',
    cure: 'Pass the path of a CSV file, or - for stdin.',
  },
  SLUICE_COUNTS_MALFORMED: {
    cause:
      'The list of counts is not CSV with a header and the columns day, name, count and, if wanted, kind.',
    cure: 'Export it with the SQL in docs/why.md: a line for each UTC day and name.',
  },
  SLUICE_COUNTS_TOO_MANY: {
    cause: 'The list is longer than one comparison reads.',
    cure: 'Leave out the rarest names, or compare fewer days at a time.',
  },
});

/** Kinds of counts: events by name, or units by the day of their first exposure to an experiment or a gate. */
export const countedKinds = ['event', 'experiment', 'gate'] as const;
export type CountedKind = (typeof countedKinds)[number];

/** One line of a list. */
export interface StatsigCount {
  readonly day: UtcDay;
  readonly kind: CountedKind;
  readonly name: string;
  readonly count: number;
}

/** Lines of a list, and pairs of a day and a name. Above, a query has more rows than are read. */
const MOST_COUNTS = 9_000;
/** Characters of all names: they are in a query, which holds 262,144 bytes. */
const MOST_NAME_BYTES = 150_000;

const line = z.object({
  day: z.string().refine(isUtcDay, 'expected a day YYYY-MM-DD'),
  kind: z.enum(countedKinds).optional(),
  name: z.string().min(1),
  count: z.string().regex(/^\d{1,15}(?:\.0+)?$/, 'expected a whole number'),
});

/**
 * Reads a list of counts: CSV with a header. The columns `ds`, `event_name` and `experiment_id` are other names of `day` and
 * `name`; a line without a kind counts events. Lines of the same day, kind and name are added.
 *
 * @throws CountsError `SLUICE_COUNTS_MALFORMED` with the line, `SLUICE_COUNTS_TOO_MANY`.
 */
export function readCounts(text: string): readonly StatsigCount[] {
  const [header = [], ...lines] = readCsv(text);
  const columns = header.map((name) => ALIASES.get(name.trim().toLowerCase()) ?? name.trim().toLowerCase());
  const missing = ['day', 'name', 'count'].filter((name) => !columns.includes(name));
  if (missing.length > 0)
    throw new CountsError('SLUICE_COUNTS_MALFORMED', `The header has no column ${missing.join(', ')}.`);
  if (lines.length === 0) throw new CountsError('SLUICE_COUNTS_MALFORMED', 'It has no lines.');
  if (lines.length > MOST_COUNTS)
    throw new CountsError('SLUICE_COUNTS_TOO_MANY', `${lines.length} lines of ${MOST_COUNTS}.`);
  const byKey = new Map<string, StatsigCount>();
  for (const [i, fields] of lines.entries()) {
    const values = Object.fromEntries(
      columns.flatMap((name, at) => ((fields[at] ?? '') === '' ? [] : [[name, fields[at]]])),
    );
    const parsed = line.safeParse(values);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new CountsError(
        'SLUICE_COUNTS_MALFORMED',
        `Line ${i + 2}, ${issue?.path.join('.')}: ${issue?.message}.`,
      );
    }
    const { day, kind = 'event', name, count } = parsed.data;
    const key = JSON.stringify([day, kind, name]);
    byKey.set(key, { day, kind, name, count: (byKey.get(key)?.count ?? 0) + Number(count) });
  }
  const counts = [...byKey.values()];
  assertSmall(counts);
  return counts;
}

const ALIASES: ReadonlyMap<string, string> = new Map([
  ['ds', 'day'],
  ['date', 'day'],
  ['event_name', 'name'],
  ['experiment_id', 'name'],
]);

/** @throws CountsError `SLUICE_COUNTS_TOO_MANY`. */
function assertSmall(counts: readonly StatsigCount[]): void {
  const days = new Set(counts.map(({ day }) => day));
  for (const kind of countedKinds) {
    const names = new Set(counts.filter((one) => one.kind === kind).map(({ name }) => name));
    const pairs = names.size * days.size;
    if (pairs > MOST_COUNTS)
      throw new CountsError(
        'SLUICE_COUNTS_TOO_MANY',
        `${names.size} names on ${days.size} days are ${pairs} pairs of ${MOST_COUNTS}.`,
      );
    const bytes = [...names].reduce((sum, name) => sum + Buffer.byteLength(name), 0);
    if (bytes > MOST_NAME_BYTES)
      throw new CountsError('SLUICE_COUNTS_TOO_MANY', `The names have ${bytes} bytes of ${MOST_NAME_BYTES}.`);
  }
}
