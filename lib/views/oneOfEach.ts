import { quoteName } from '../sql/quoteName.ts';

/**
 * A source without resends: of the rows with the same `event_id` the one that was received first.
 *
 * Copies are looked for among the rows of one day (`ds`) and one name. A resend has its day from the event's own time,
 * so it lies beside the first; only where the sender's clock was corrected within seconds of midnight, or a resend came
 * after the time window had closed, does a copy lie on another day and count there again. To look there, too, would
 * make every query read every day: a filter on a column that isn't among those of PARTITION BY can't pass below the
 * window, in Athena (Trino, PredicatePushDown.visitWindow) as in DuckDB. That is also why the name is there, which the
 * identity holds anyway: with it a filter on an experiment is applied before copies are looked for, not after.
 *
 * Of copies received in the same millisecond either is shown. They tell of one event and can differ only in what the SDK
 * says of itself, which would have to be read by every query to order by it: as many bytes as all else together.
 *
 * @param from The table, quoted and with its database; or a query of it with its alias.
 * @param key The column with the name: equal for equal `event_id`s.
 * @param where Conditions on rows, each of which all copies meet or none.
 */
export function oneOfEach(options: {
  readonly from: string;
  readonly key: string;
  readonly where: readonly string[];
}): string {
  const { from, key, where } = options;
  const partition = ['ds', key, 'event_id'].map(quoteName).join(', ');
  return `(
  SELECT *, row_number() OVER (PARTITION BY ${partition} ORDER BY "received_at") AS "copy"
  FROM ${from}
  WHERE ${where.join(' AND ')}
)`;
}
