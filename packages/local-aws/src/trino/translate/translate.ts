import { Rendering } from './Rendering.ts';
import { rejectForeignSyntax } from './rejections.ts';
import { selectEdits } from './selects.ts';
import { Translator } from './Translator.ts';
import { mismatched, SqlError, TokenList } from './tokens.ts';
import { BEGINS_QUERY } from './vocabulary.ts';
import { rejectZonedTimes } from './zonedTimes.ts';

/** Options of {@link translate}. */
interface TranslateOptions {
  /** The SQL literals that replace the `?` parameters, in order. Default none: then a `?` is an error. */
  readonly parameters?: readonly string[];
  /** Whether unnamed columns get the placeholder name `_col?<n>`. Default false. */
  readonly nameColumns?: boolean;
  /** Whether tables have hidden columns like `$path`, which `*` must omit. Default: when the query names one. */
  readonly hiddenColumns?: boolean;
  /**
   * Whether clauses of WITH are inlined, as Trino does it: DuckDB computes one that is named twice once, with every column,
   * whatever the query asks for. Default false.
   */
  readonly inlineClauses?: boolean;
  /** Whether other queries read the result, as that of a view. Default false: it is only shown. */
  readonly isStored?: boolean;
}

/** A query in DuckDB's SQL. */
export interface Translation {
  /** The text in DuckDB's SQL. */
  readonly sql: string;
  /** Converts an offset in `sql` to one in the user's text. */
  offsetOf(index: number): number;
}

/**
 * Translates a query from Athena's SQL (Trino) to DuckDB's. Functions and operators become macros, so
 * `macroStatements` must run in the database before it binds the result, with their schema on the search path. Only
 * functions of Athena can be called.
 *
 * @throws SqlError with Trino's error code and the position in the text, for invalid SQL and for features that are
 *   not emulated.
 * @example
 * translate("SELECT date_add('day', 1, ds) FROM t").sql
 * // SELECT trino_date_add('day', 1, ds) FROM t
 */
export function translate(sql: string, options: TranslateOptions = {}): Translation {
  const list = new TokenList(sql);
  const first = list.at(0);
  const start = list.tokens.find(({ raw }) => raw !== '(');
  if (first === undefined || start === undefined)
    throw new SqlError('SYNTAX_ERROR', "mismatched input '<EOF>'. Expecting: <query>", 0);
  if (!BEGINS_QUERY.test(start.value)) throw mismatched(start, '<query>');
  rejectForeignSyntax(list);
  rejectZonedTimes(list, options.isStored === true);
  const parameters = options.parameters ?? [];
  const parameterCount = list.tokens.filter(({ kind }) => kind === 'parameter').length;
  if (parameterCount !== parameters.length) {
    throw new SqlError(
      'INVALID_PARAMETER_USAGE',
      `Incorrect number of parameters: expected ${parameterCount} but found ${parameters.length}`,
      0,
    );
  }
  const nameColumns = options.nameColumns === true;
  const edits = selectEdits(list, nameColumns);
  const out = new Rendering();
  new Translator(list, {
    edits,
    nameColumns,
    parameters,
    hiddenColumns: options.hiddenColumns,
    inlineClauses: options.inlineClauses === true,
  }).writeAll(out);
  return { sql: out.toString(), offsetOf: (index) => out.offsetOf(index) };
}
