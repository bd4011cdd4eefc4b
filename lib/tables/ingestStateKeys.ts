import { LEDGER_FOLDER } from './ledgerFolder.ts';

/** What the plan last saw of a dataset: `ledger/<source>/<dataset>/last-look.json`, beside the days. */
export function lastLookKey(source: string, dataset: string): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/last-look.json`;
}

/** Which drops of a dataset are overdue: `ledger/<source>/<dataset>/expected.json`, beside the days. */
export function lateNoteKey(source: string, dataset: string): string {
  return `${LEDGER_FOLDER}${source}/${dataset}/expected.json`;
}

/** Until when a source may not be started again: `ledger/<source>/trigger.json`, beside its datasets. */
export function triggerKey(source: string): string {
  return `${LEDGER_FOLDER}${source}/trigger.json`;
}
