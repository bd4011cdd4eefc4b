import { defineErrorFamily } from '../../../../lib/errors/defineErrorFamily.ts';

/** What can be wrong with the files that the local cloud keeps its state in. */
export const DiskError = defineErrorFamily('system', {
  SLUICE_DISK_DAMAGED: {
    cause:
      "A file of the local cloud's data can't be read: something else has changed it, or another version wrote it.",
    cure: 'Mend or remove what is named, or delete the data directory to begin anew.',
  },
});
