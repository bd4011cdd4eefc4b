import { collectionMacros } from './macros/collectionMacros.ts';
import { dateMacros } from './macros/dateMacros.ts';
import { jsonMacros } from './macros/jsonMacros.ts';
import { operatorMacros } from './macros/operatorMacros.ts';
import { textMacros } from './macros/textMacros.ts';
import { valueMacros } from './macros/valueMacros.ts';

/**
 * What must be in a DuckDB database before it runs SQL that `translate` wrote, as one text: macros that give
 * Trino's meaning to functions and operators. They are bound into views when those are made and cost nothing
 * at run time.
 *
 * @param schema Where they are made; has to be on the search path. Default DuckDB's default schema.
 */
export function macroStatements(schema = 'memory.main'): string {
  // The operators come last: DuckDB cannot choose among them while it looks over the bodies of other macros.
  return [...valueMacros, ...jsonMacros, ...dateMacros, ...textMacros, ...collectionMacros, ...operatorMacros]
    .map((macro) => `CREATE OR REPLACE MACRO ${schema}.${macro};`)
    .join('\n');
}
