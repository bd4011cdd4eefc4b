/** Folder of state: who works on what, and how far they are. */
export const LEDGER_FOLDER = 'ledger/';
