import { operandEnd } from './dateArithmetic.ts';
import { mismatched, type TokenList, type TokenRange } from './tokens.ts';

/** `FOR TIMESTAMP AS OF …` or `FOR VERSION AS OF …` behind the name of a table. */
export interface VersionClause {
  readonly kind: 'timestamp' | 'version';
  /** The expression that names the version. */
  readonly value: TokenRange;
  /** The table's name in the session: its own, and what is unique for the clause. */
  readonly table: string;
}

/** Words behind a table that are no alias of it. */
const NO_ALIAS =
  /^(?:where|group|having|order|union|intersect|except|limit|offset|fetch|window|on|using|join|inner|left|right|full|cross|natural|tablesample|match_recognize|for)$/;

/**
 * The version of the table whose name's last part is at an index: a time-travel clause follows it. Athena's engine 2 had
 * `FOR SYSTEM_TIME` and `FOR SYSTEM_VERSION`, which engine 3 replaced.
 * https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-time-travel-and-version-travel-queries.html
 *
 * @returns undefined when no clause follows.
 * @throws SqlError `SYNTAX_ERROR` for an incomplete clause.
 */
export function versionClauseAt(list: TokenList, index: number): VersionClause | undefined {
  const name = list.at(index);
  const range = list.at(index + 2);
  if (name === undefined || range === undefined || list.word(index + 1) !== 'for') return undefined;
  if (name.kind !== 'word' && name.kind !== 'quoted') return undefined;
  const kind = list.word(index + 2);
  if (kind === 'system_time' || kind === 'system_version') throw mismatched(range, "'TIMESTAMP', 'VERSION'");
  if ((kind !== 'timestamp' && kind !== 'version') || !list.words(index + 3, 'as', 'of')) return undefined;
  const value = { from: index + 5, to: expressionEnd(list, index + 5) };
  // Without capital letters: names of tables are compared in lower case.
  const clause = Buffer.from(list.text(index + 1, value.to)).toString('hex');
  return { kind, value, table: `${name.value.toLowerCase()}@${index}:${clause}` };
}

/** Whether the table that ends before an index has an alias. */
export function hasAlias(list: TokenList, index: number): boolean {
  const kind = list.at(index)?.kind;
  return kind === 'quoted' || (kind === 'word' && !NO_ALIAS.test(list.word(index) ?? ''));
}

/** The end of a value expression: operands, arithmetic operators between them, and their time zones. */
function expressionEnd(list: TokenList, from: number): number {
  let at = from;
  for (;;) {
    while (/^[+-]$/.test(list.symbol(at) ?? '')) at += 1;
    const end = operandEnd(list, at);
    const token = list.at(at) ?? list.at(list.length - 1);
    if (end === undefined) {
      throw mismatched(
        list.at(at) === undefined && token !== undefined
          ? { ...token, raw: '<EOF>', start: token.end }
          : (token ?? { kind: 'symbol', raw: '<EOF>', value: '', start: 0, end: 0 }),
      );
    }
    at = list.words(end, 'at', 'time', 'zone') ? (operandEnd(list, end + 3) ?? end + 3) : end;
    if (!/^(?:[-+*/%]|\|\|)$/.test(list.symbol(at) ?? '')) return at;
    at += 1;
  }
}

/** The text with its time-travel clauses replaced by spaces, so that offsets do not change. */
export function blankVersionClauses(sql: string, list: TokenList): string {
  let text = sql;
  for (const index of list.tokens.keys()) {
    const clause = versionClauseAt(list, index);
    const [start, end] = [list.offset(index + 1), list.at((clause?.value.to ?? 0) - 1)?.end ?? 0];
    if (clause !== undefined)
      text = `${text.slice(0, start)}${text.slice(start, end).replaceAll(/[^\n]/g, ' ')}${text.slice(end)}`;
  }
  return text;
}
