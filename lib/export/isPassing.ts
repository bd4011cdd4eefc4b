const PASSING: ReadonlySet<string> = new Set([
  'SLUICE_EXPORT_TARGET_UNAVAILABLE',
  'SLUICE_EXPORT_SOURCE_UNAVAILABLE',
  'SLUICE_EXPORT_FILES_CHANGING',
  'SLUICE_EXPORT_STOPPED',
  'SLUICE_INGEST_LEDGER_UNAVAILABLE',
  'SLUICE_QUEUE_NOT_SENT',
]);

/** Whether a failure of this code may be over with the next try, though nobody mends anything. */
export function isPassing(code: string): boolean {
  return PASSING.has(code);
}
