const list = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Words that an opening bracket may follow without making a call of it. */
export const notFunctions = list(`all and any array as asc between bernoulli by case cross cube desc distinct
  else end escape except exists fetch filter first following from full group groups having in inner intersect
  interval into is join last lateral left like limit materialized natural next not null nulls offset on or order
  ordinality outer over overwrite partition preceding range recursive right rollup rows select set sets some system
  table tablesample then union using values when where window with within`);

/** Words of Trino that are ordinary names there and reserved in DuckDB. */
export const reservedInDuckDb = list(`analyse analyze asymmetric check collate deferrable do foreign initially
  lambda pivot pivot_longer pivot_wider unpivot placing primary qualify references returning summarize symmetric
  show unique variadic`);

/** Trino's functions that are called without brackets. */
export const bracketless: Readonly<Record<string, string>> = {
  current_date: 'trino_current_date()',
  current_time: 'trino_current_time()',
  current_timestamp: 'trino_now()',
  localtime: 'trino_current_time()',
  localtimestamp: 'trino_localtimestamp()',
};
