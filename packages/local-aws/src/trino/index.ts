export { macroStatements } from './macros/macroStatements.ts';
export { type QueryRow, readQuery, runQuery } from './query/runQuery.ts';
export { listPartitionFiles, tableViewSql } from './query/tableView.ts';
export { type AthenaView, createViews, viewsNeededBy } from './query/views.ts';
export { parseCastType } from './translate/castType.ts';
export { distinctOrderError } from './translate/clauses.ts';
export { parseTypedLiteral } from './translate/literals.ts';
export { reusedAliases, selectBlocks, UNNAMED, unnamedItems, writtenNames } from './translate/selects.ts';
export {
  isTableQuery,
  linePosition,
  mismatched,
  refusal,
  SqlError,
  type Token,
  TokenList,
} from './translate/tokens.ts';
export { type TranslateOptions, type Translation, translate } from './translate/translate.ts';
export { functionNames } from './translate/vocabulary.ts';
export { dateDifferenceRule } from './types/callTypes.ts';
export { duckDbType, parseHiveType, splitTopLevel } from './types/hiveTypes.ts';
export { expectedCalls } from './types/signatures.ts';
export {
  isMacro,
  isNode,
  nodesOf,
  type RulePlace,
  type Tree,
  type TreeNode,
  type TypeRule,
  textMember,
} from './types/TypeRule.ts';
export { type ColumnPair, columnRule, conditionRules, typeRules, valuesRules } from './types/typeRules.ts';
