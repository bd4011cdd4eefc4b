import { collectionMacros } from './macros/collectionMacros.ts';
import { dateMacros } from './macros/dateMacros.ts';
import { jsonMacros } from './macros/jsonMacros.ts';
import { operatorMacros } from './macros/operatorMacros.ts';
import { textMacros } from './macros/textMacros.ts';
import { valueMacros } from './macros/valueMacros.ts';

const nameOf = (macro: string) => /^"?([^"(]+)/.exec(macro)?.[1] ?? '';

const FUNCTIONS = [...valueMacros, ...jsonMacros, ...dateMacros, ...textMacros, ...collectionMacros];

/** What stands for functions, by their names. */
const BY_NAME: ReadonlyMap<string, string> = new Map(FUNCTIONS.map((macro) => [nameOf(macro), macro]));

/** Names of functions in SQL: all that `translate` writes begin alike. */
const FUNCTION = /\btrino_\w+/g;

/** Operators are called by no name: whoever makes macros for some SQL makes these, too. */
const OPERATORS = operatorMacros.filter((macro) => !nameOf(macro).startsWith('trino_'));

const create = (macro: string) => `CREATE OR REPLACE MACRO memory.main.${macro};`;

/**
 * What must be in a DuckDB database before it binds SQL that `translate` wrote: macros that give Trino's meaning to
 * functions and operators. They cost nothing at run time, but half a millisecond each to make.
 *
 * @param sql What they are for; by default all are made.
 * @param known Names of those that are there already; the new ones are added.
 * @returns Statements as one text. The macros lie in `memory.main`, which has to be on the search path.
 */
export function macroStatements(sql?: string, known: Set<string> = new Set()): string {
  const wanted = sql === undefined ? [...BY_NAME.keys()] : (sql.match(FUNCTION) ?? []);
  const made: string[] = [];
  const add = (name: string) => {
    const macro = BY_NAME.get(name);
    if (macro === undefined || known.has(name)) return;
    known.add(name);
    for (const used of macro.match(FUNCTION) ?? []) add(used);
    made.push(macro);
  };
  for (const name of wanted) add(name);
  // The operators come last: DuckDB cannot choose among them while it looks over the bodies of other macros.
  const operators = known.has('operators') ? [] : OPERATORS;
  known.add('operators');
  return [...made, ...operators].map(create).join('\n');
}
