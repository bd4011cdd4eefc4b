/**
 * What a source, a dataset or an export may be called: such names are folders of the ledger, and
 * parts of the names of tables.
 */
export const PLACE_NAME = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
/** Characters of such a name, at most. */
export const PLACE_NAME_LENGTH = 64;

/** Athena allows lower case, digits and underscore: https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html */
export const SQL_NAME = /^[a-z_][a-z0-9_]{0,254}$/;

/** The names in `experiments`. Not beside the schema: the collector needs the names, and its bundle has no schema library. */
export function listExperiments({
  experiments,
}: {
  readonly experiments: readonly (string | { readonly name: string })[];
}): string[] {
  return experiments.map((experiment) => (typeof experiment === 'string' ? experiment : experiment.name));
}
