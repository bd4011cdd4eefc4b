import { castMacros } from './castMacros.ts';
import { collectionMacros } from './collectionMacros.ts';
import { dateMacros } from './dateMacros.ts';
import { jsonMacros } from './jsonMacros.ts';
import { modulusMacro, operatorMacros } from './operatorMacros.ts';
import { probabilityMacros } from './probabilityMacros.ts';
import { textMacros } from './textMacros.ts';
import { valueMacros } from './valueMacros.ts';

const nameOf = (macro: string) => /^"?([^"(]+)/.exec(macro)?.[1] ?? '';

const FUNCTIONS = [
  ...castMacros,
  ...valueMacros,
  ...jsonMacros,
  ...dateMacros,
  ...textMacros,
  ...collectionMacros,
  modulusMacro,
  ...probabilityMacros,
];

/** What stands for functions, by their names. */
const BY_NAME: ReadonlyMap<string, string> = new Map(FUNCTIONS.map((macro) => [nameOf(macro), macro]));

/** Names of functions in SQL: all that `translate` writes begin alike. */
const FUNCTION = /\btrino_\w+/g;

/** How each operator with a meaning of its own is written in SQL without its texts and quoted names. */
const OPERATORS: readonly { readonly macro: string; readonly written: RegExp }[] = operatorMacros.map(
  (macro) => {
    const name = nameOf(macro);
    return {
      macro,
      written: name === 'timezone' ? /\btimezone\b|at\s+time\s+zone/i : new RegExp(`[${name}]`),
    };
  },
);

const QUOTED = /'(?:[^']|'')*'|"(?:[^"]|"")*"/g;

const create = (macro: string) => `CREATE OR REPLACE MACRO memory.main.${macro};`;

/**
 * What must be in a DuckDB database before it binds SQL that `translate` wrote: macros that give Trino's meaning to
 * the functions and operators in it. They cost nothing at run time, but half a millisecond each to make; and an
 * operator then has Trino's meaning in whatever else is run there.
 *
 * @param sql What `translate` wrote; by default all macros are made.
 * @param known Names of those that are there already; the new ones are added.
 * @returns Statements as one text. The macros lie in `memory.main`, which has to be on the search path.
 */
export function macroStatements(sql?: string, known: Set<string> = new Set()): string {
  const made: string[] = [];
  const add = (name: string, macro: string | undefined) => {
    if (macro === undefined || known.has(name)) return;
    known.add(name);
    for (const used of macro.match(FUNCTION) ?? []) add(used, BY_NAME.get(used));
    made.push(macro);
  };
  for (const name of sql?.match(FUNCTION) ?? (sql === undefined ? BY_NAME.keys() : []))
    add(name, BY_NAME.get(name));
  // The operators come last: DuckDB cannot choose among them while it looks over the bodies of other macros.
  const bare = sql?.replaceAll(QUOTED, '');
  for (const { macro, written } of OPERATORS)
    if (bare === undefined || written.test(bare)) add(nameOf(macro), macro);
  return made.map(create).join('\n');
}
