import { Rendering } from './Rendering.ts';
import { refuseForeignSyntax } from './refuseForeignSyntax.ts';
import { refuseZones } from './refuseZones.ts';
import { SqlError } from './SqlError.ts';
import { selectEdits } from './selectEdits.ts';
import { mismatched, TokenList } from './TokenList.ts';
import { Translator } from './Translator.ts';

/** How {@link translate} works; all optional. */
export interface TranslateOptions {
  /** SQL of a literal in place of each `?`, in their order. Default none: a `?` is then an error. */
  readonly parameters?: readonly string[];
  /** Whether unnamed columns are called `_col?<n>`, to be numbered by where they come in the result. Default false. */
  readonly nameColumns?: boolean;
  /** Names of select items that nothing within their select shall find, for telling what else they mean. Default none. */
  readonly hiddenNames?: ReadonlySet<string>;
  /** Whether tables have columns like `$path`, which `*` must leave out. Default: when the query names one. */
  readonly hiddenColumns?: boolean;
  /** What `UNNEST(x) AS t(a, b)` takes x for. Default `map`. */
  readonly unnestPairs?: 'map' | 'rows';
}

/** A query in DuckDB's SQL. */
export interface Translation {
  readonly sql: string;
  /** The character of the user's text behind a character of `sql`. */
  offsetOf(index: number): number;
}

/**
 * A query in Athena's SQL (Trino's) as DuckDB's. Its functions and operators are macros, so the database must
 * have run `macroStatements`, with their schema on the search path, before it binds the result. Only functions
 * that Athena has can be called.
 *
 * @throws SqlError under Trino's names, with the place in the text, for what is no SQL or isn't emulated.
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
  if (!/^(?:select|with|values|table)$/.test(start.value)) throw mismatched(start, '<query>');
  refuseForeignSyntax(list);
  refuseZones(list);
  const parameters = options.parameters ?? [];
  const asked = list.tokens.filter(({ kind }) => kind === 'parameter').length;
  if (asked !== parameters.length) {
    throw new SqlError(
      'INVALID_PARAMETER_USAGE',
      `Incorrect number of parameters: expected ${asked} but found ${parameters.length}`,
      0,
    );
  }
  const nameColumns = options.nameColumns === true;
  const edits = selectEdits(list, { nameColumns, hidden: options.hiddenNames });
  const out = new Rendering();
  new Translator(list, {
    edits,
    nameColumns,
    parameters,
    unnestPairs: options.unnestPairs ?? 'map',
    hiddenColumns: options.hiddenColumns,
  }).writeAll(out);
  return { sql: out.toString(), offsetOf: (index) => out.offsetOf(index) };
}
