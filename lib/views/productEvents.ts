import { quoteText } from '../base/sql.ts';
import type { Config } from '../schema/config.ts';
import { eventsTable } from '../tables/eventsTable.ts';
import { TELEMETRY_EVENTS } from '../wire/readEvent.ts';
import { userDetailColumns } from './userDetailColumns.ts';
import {
  dedupeByEventId,
  passThrough,
  productionOnly,
  qualifiedName,
  selectList,
  type View,
  type ViewColumn,
} from './View.ts';

/**
 * A number as JSON and people write it. Engines differ in what else they take for one: Trino reads `1d`, hexadecimal
 * and `NaN` (Java's Double.parseDouble), DuckDB `inf`. It ends with the text (`\z`): Trino's `$` is also before a last
 * line break, DuckDB's is not.
 */
const NUMBER = '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\\z';
/** The largest double. What is beyond is infinite, and makes every sum so. */
const LARGEST = '1.7976931348623157E308';

const valueNumber: ViewColumn = {
  name: 'value_number',
  type: 'double',
  comment: 'event_value as a number; null when it is none, so that sums and averages leave it out',
  sql: `CASE WHEN regexp_like("event_value", ${quoteText(NUMBER)}) AND abs(TRY_CAST("event_value" AS double)) <= ${LARGEST} THEN TRY_CAST("event_value" AS double) END`,
};

/** Custom and auto-captured events of production, one row each, their values as numbers where they are some. */
export function productEvents(config: Config): View {
  const table = eventsTable(config);
  const columns = [
    ...table.columns
      .filter(({ name }) => name !== 'environment')
      .flatMap((column) =>
        column.name === 'event_value' ? [passThrough(column), valueNumber] : [passThrough(column)],
      ),
    ...userDetailColumns(config, {
      user: 'user_object',
      statsigMetadata: 'statsig_metadata',
      metadata: 'company_metadata',
    }),
    passThrough(table.partitionKey),
  ];
  const telemetry = [...TELEMETRY_EVENTS].map(quoteText).join(', ');
  const rows = dedupeByEventId({
    from: qualifiedName(config, table.name),
    key: 'event_name',
    where: [productionOnly, `"event_name" NOT IN (${telemetry})`],
  });
  return {
    name: 'product_events',
    comment: "Events of production, one row each: resends and the SDKs' own telemetry are gone",
    columns,
    sql: `SELECT\n${selectList(columns)}\nFROM ${rows} AS "events"\nWHERE "copy" = 1`,
    prunesByDay: true,
  };
}
