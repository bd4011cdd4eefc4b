// Trino's dialect, as Athena has it, in DuckDB.
export { duckDbType, parseHiveType } from './hiveTypes.ts';
export { macroStatements } from './macros/macroStatements.ts';
export { type QueryRow, readQuery, runQuery } from './query/runQuery.ts';
export { PARQUET_SERDE, PARQUET_SERDES } from './query/tableView.ts';
export { type AthenaView, createViews, viewsNeededBy } from './query/views.ts';
export { parseCastType } from './translate/calls/castType.ts';
export { parseTypedLiteral } from './translate/literals.ts';
export { UNNAMED, unnamedItems, writtenNames } from './translate/selects.ts';
export { refuseTextsForDates } from './translate/textsForDates.ts';
export { linePosition, mismatched, refusal, SqlError, type Token, TokenList } from './translate/tokens.ts';
export { type Translation, translate } from './translate/translate.ts';
export { BEGINS_QUERY } from './translate/vocabulary.ts';
