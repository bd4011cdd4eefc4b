import { defineErrorFamily } from '../../lib/errors/defineErrorFamily.ts';

/** What can keep `sluice redrive` from its work. */
export const RedriveCommandError = defineErrorFamily('user', {
  SLUICE_REDRIVE_QUARANTINE_UNREADABLE: {
    cause: 'The rows of quarantine could not be read.',
    cure: 'Look at the detail: the bucket of sluice.config.ts must be there, and your AWS credentials may list and read it.',
  },
  SLUICE_REDRIVE_INCOMPLETE: {
    cause: 'Firehose did not take everything.',
    cure: 'Run it again when the stream is well: what has landed lands once more under the same event_id.',
  },
});
