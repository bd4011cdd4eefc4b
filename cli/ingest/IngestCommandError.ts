import { defineErrorFamily } from '../../lib/errors/defineErrorFamily.ts';

/** What can keep `sluice ingest` from its work. */
export const IngestCommandError = defineErrorFamily('user', {
  SLUICE_INGEST_NO_SOURCES: {
    cause: 'sluice.config.ts has no such source or dataset.',
    cure: 'Compare --source and --dataset with `sources` in sluice.config.ts; SLUICE_CONFIG names another file.',
  },
  SLUICE_INGEST_DAY_UNKNOWN: {
    cause: 'The ledger knows nothing of this day.',
    cure: 'If its folder has files: `sluice ingest run` looks at the days of the lookback, `sluice ingest backfill` at any.',
  },
  SLUICE_INGEST_REFUSED: {
    cause: 'AWS refused what was asked.',
    cure: "Look at the detail: is the stage deployed with these sources, and may your credentials read the bucket's ledger/ and send to its queue?",
  },
});
