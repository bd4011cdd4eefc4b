/** Folder of state: who works on what, and how far they are. */
export const LEDGER_FOLDER = 'ledger/';

/**
 * What a source, a dataset or an export may be called: such names are folders of the ledger, and
 * parts of the names of tables.
 */
export const PLACE_NAME = /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/;
/** Characters of such a name, at most. */
export const PLACE_NAME_LENGTH = 64;
