import { defineErrorFamily } from '../../lib/errors/defineErrorFamily.ts';

/** What can keep `sluice export` from its work. */
export const ExportCommandError = defineErrorFamily('user', {
  SLUICE_EXPORT_UNKNOWN: {
    cause: 'sluice.config.ts has no such export.',
    cure: 'Compare --export with `exports` in sluice.config.ts; SLUICE_CONFIG names another file.',
  },
  SLUICE_EXPORT_REFUSED: {
    cause: 'AWS refused what was asked.',
    cure: "Look at the detail: is the stage deployed with these exports, and may your credentials read the bucket's ledger/ and send to its queue?",
  },
});
