import { defineErrorFamily } from '../base/errors.ts';

/** Why a valid request could not be accepted. The answer is 503, so that the SDK retries. */
export const CollectError = defineErrorFamily('system', {
  SLUICE_COLLECT_NOT_DELIVERED: {
    cause:
      'The events could neither be put into the stream nor into the bucket before the time of the request ended.',
    cure: "Send the batch again: a repeated event keeps its event_id. If the error persists, check the stream for throttling and the collector's permission to write landing/. If both are well, a call before that hung: check whether the collector can read the secret of the keys and the groups in the bucket.",
  },
  SLUICE_COLLECT_NO_QUARANTINE: {
    cause: 'A refused event or body could not be kept in quarantine.',
    cure: "Send the batch again. If the error persists, check the bucket and the collector's permission to write quarantine-large/.",
  },
  SLUICE_COLLECT_NOT_RELAYED: {
    cause: 'The copy of the request for relay could not be kept, and the configuration requires it.',
    cure: "Send the batch again: a repeated event keeps its event_id. If the error persists, check the queue of relay and the collector's permissions to send to it and to write relay/waiting/.",
  },
  SLUICE_COLLECT_OUT_OF_TIME: {
    cause: 'The batch could not be processed in time.',
    cure: 'Send smaller batches, or give the collector more memory: Lambda gives it more CPU with it.',
  },
  SLUICE_COLLECT_BODY_MANGLED: {
    cause: 'The gateway or the Function URL passed a compressed body on as text, which destroys it.',
    cure: "`content-encoding: gzip` (or zstd, br, deflate) is the header that a compressed body needs: the gateway then passes it on as bytes. React Native, Expo and js-client: set the SDK's option `logEventCompressionMode: 'd'`. Who cannot set the header: send bodies uncompressed, or use the gateway in place of a Function URL (a REST API with binaryMediaTypes */*).",
  },
  SLUICE_COLLECT_FAILED: {
    cause: 'The collector failed unexpectedly.',
    cure: "Send the batch again. If the error persists, read the collector's log, which contains it.",
  },
});
