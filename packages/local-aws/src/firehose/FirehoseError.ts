import { defineErrorFamily } from '../../../../lib/errors/defineErrorFamily.ts';

/** What can keep the local Firehose from delivering. */
export const FirehoseError = defineErrorFamily('system', {
  SLUICE_FIREHOSE_UNDELIVERED: {
    cause: 'A delivery stream could not write to S3; the data is kept and tried again.',
    cure: 'Read what S3 answered. Nothing that was acknowledged is lost.',
  },
  SLUICE_FIREHOSE_CLOSED: {
    cause: 'The local Firehose is closed.',
    cure: 'Open it again; what was acknowledged is delivered then.',
  },
});
