import { defineErrorFamily } from '../base/errors.ts';

/** Why a good request could not be taken: answered 503, so that the SDK sends it again. */
export const CollectError = defineErrorFamily('system', {
  SLUICE_COLLECT_NOT_DELIVERED: {
    cause: 'Some events could neither be delivered in time nor put by for later.',
    cure: "Send the batch again; a repeated event keeps its event_id. If it persists, look at the stream for throttling and at the collector's right to write overflow/.",
  },
  SLUICE_COLLECT_NO_QUARANTINE: {
    cause: 'What was refused could not be kept whole.',
    cure: "Send the batch again. If it persists, look at the bucket and at the collector's right to write quarantine-large/.",
  },
  SLUICE_COLLECT_OUT_OF_TIME: {
    cause: 'The batch could not be looked through in time.',
    cure: 'Send smaller batches, or give the collector more memory: its processor grows with it.',
  },
  SLUICE_COLLECT_BODY_MANGLED: {
    cause: 'The gateway handed a compressed body over as text, which destroys it.',
    cure: 'Let the gateway hand bodies over as binary (on a REST API: binaryMediaTypes */*), or the SDK send them uncompressed.',
  },
  SLUICE_COLLECT_FAILED: {
    cause: 'The collector failed unexpectedly.',
    cure: "Send the batch again. If it persists, look at the collector's log: it has the error.",
  },
  SLUICE_COLLECT_ENVIRONMENT_INVALID: {
    cause: 'The collector is not set up: environment variables are missing or wrong.',
    cure: 'Deploy with the serverless.yml of this repository, which sets them.',
  },
});
