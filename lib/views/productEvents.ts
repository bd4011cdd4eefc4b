import { eventsTable } from '../tables/eventsTable.ts';
import { SDK_EVENTS } from '../wire/readEvent.ts';
import type { DayRange } from './curatedDays.ts';
import { oneRowEach } from './curatedRows.ts';
import { userDetailColumns } from './userDetailColumns.ts';
import { passThrough, productionOnly, type View, type ViewColumn, type ViewConfig } from './View.ts';

/**
 * A number as JSON and people write it. Engines differ in what else they take for one: Trino reads `1d`, hexadecimal
 * and `NaN` (Java's Double.parseDouble), DuckDB `inf`. It ends with the text (`\z`): Trino's `$` is also before a last
 * line break, DuckDB's is not.
 */
export const NUMBER = '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\\z';
/** The largest double. A larger value is infinite, and would make every sum infinite. */
const LARGEST = '1.7976931348623157E308';

/** The value of an event as a number. */
export const valueNumber = {
  name: 'value_number',
  type: 'double',
  comment: 'event_value as a number; null if it is anything else',
  sql: `CASE WHEN regexp_like("event_value", '${NUMBER}') AND abs(TRY_CAST("event_value" AS double)) <= ${LARGEST} THEN TRY_CAST("event_value" AS double) END`,
} as const satisfies ViewColumn;

/**
 * Custom and auto-captured events of production, one row each. Values that are numbers are there as numbers, too.
 *
 * @param curated Days of events that are read from the curated table. Default none.
 */
export function productEvents(config: ViewConfig, curated: readonly DayRange[] = []): View {
  const table = eventsTable(config);
  const columns = [
    ...table.columns
      .filter(({ name }) => name !== 'environment')
      .flatMap((column) =>
        column.name === 'event_value' ? [passThrough(column), valueNumber] : [passThrough(column)],
      ),
    ...userDetailColumns('user_object'),
    passThrough(table.partitionKey),
  ];
  const where = [productionOnly, `"event_name" NOT LIKE '${SDK_EVENTS}%'`] as const;
  return {
    name: 'product_events',
    comment: "Events of production, one row each: resends and the SDKs' own telemetry are gone",
    columns,
    sql: oneRowEach(config, {
      kind: 'events',
      curated,
      key: 'event_name',
      columns,
      choose: (from) => ({ from, where }),
    }),
  };
}
