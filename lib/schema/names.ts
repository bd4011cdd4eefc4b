/** Characters of a column's comment in Glue: https://docs.aws.amazon.com/glue/latest/webapi/API_Column.html */
export const COMMENT_CHARACTERS = 255;

/**
 * Valid names of a source, a dataset or an export: such names are folders of the ledger, and parts of the names of
 * tables.
 */
export const PLACE_NAME = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
/** The most characters of such a name. */
export const PLACE_NAME_LENGTH = 64;

/** The most sources of a configuration, and so the most that one key names. */
export const MOST_SOURCES = 100;

/**
 * Athena allows lower case, digits and underscore:
 * https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html
 */
export const SQL_NAME = /^[a-z_][a-z0-9_]{0,254}$/;

/**
 * Glue has more than Athena's DDL takes, and queries quote it:
 * https://docs.aws.amazon.com/athena/latest/ug/reserved-words.html
 */
export const DATABASE_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,254}$/;

/** Words that every query would have to quote: https://trino.io/docs/current/language/reserved.html */
export const RESERVED_WORDS: ReadonlySet<string> = new Set(
  [
    'alter and as between by case cast constraint create cross cube current_catalog current_date',
    'current_path current_role current_schema current_time current_timestamp current_user deallocate',
    'delete describe distinct drop else end escape except execute exists extract false for from full',
    'group grouping having in inner insert intersect into is join json_array json_exists json_object',
    'json_query json_table json_value left like listagg localtime localtimestamp natural normalize not',
    'null on or order outer prepare recursive right rollup select skip table then trim true uescape union',
    'unnest using values when where with',
  ].flatMap((words) => words.split(' ')),
);

/**
 * The names in `experiments`. This function is not beside the schema, because the collector needs it, and the
 * collector's bundle has no schema library.
 */
export function listExperiments({
  experiments,
}: {
  readonly experiments: readonly (string | { readonly name: string })[];
}): string[] {
  return experiments.map((experiment) => (typeof experiment === 'string' ? experiment : experiment.name));
}
