import { defineErrorFamily } from '../base/errors.ts';

/** The cure of every batch that is too large for the collector. */
const SMALLER_BATCHES = "Send smaller batches: lower the SDK's event queue size.";

/** Why a whole request is refused. docs/answers.md lists the status of each and what happens to the body. */
export const RequestError = defineErrorFamily('user', {
  SLUICE_METHOD_NOT_ALLOWED: {
    cause: 'The collector accepts POST only.',
    cure: 'Send events with POST.',
  },
  SLUICE_PATH_RESERVED: {
    cause: "This endpoint is not the collector's.",
    cure: "Override only the SDK's log URL (for example logEventUrl), so that it still gets its rules from Statsig. For an SDK without a log URL of its own set `passThrough` (docs/sdks.md).",
  },
  SLUICE_KEY_MISSING: {
    cause: 'The request has no SDK key of the form client-… or secret-….',
    cure: 'Send a client-… or secret-… key in the header STATSIG-API-KEY or in the query parameter k.',
  },
  SLUICE_KEY_UNKNOWN: {
    cause: 'This SDK key is not in the list of keys.',
    cure: 'Add it with `sluice keys add`, with `--sources` if it shall start ingests, or its SHA-256 to `keys` of the configuration and deploy.',
  },
  SLUICE_KEY_NOT_FOR_EVENTS: {
    cause: 'This key only starts the ingest of sources. It is not accepted for events.',
    cure: 'Send events with another key, or let this one send them: `sluice keys set LABEL --kinds exposures,events`. Of a key of the configuration, add them to `kinds` there and deploy.',
  },
  SLUICE_BODY_EMPTY: {
    cause: 'The request has no body.',
    cure: 'Send {"events": […]} as JSON.',
  },
  SLUICE_BODY_TOO_LARGE: {
    cause: 'The body is larger than the collector accepts.',
    cure: SMALLER_BATCHES,
  },
  SLUICE_BODY_INFLATES_TOO_FAR: {
    cause: 'The decompressed body is larger than the collector accepts.',
    cure: SMALLER_BATCHES,
  },
  SLUICE_BODY_TOO_MANY_EVENTS: {
    cause:
      'The body has more events than the collector accepts, or makes rows that are too long in total: each row repeats the `user` and `statsigMetadata` of the batch.',
    cure: `${SMALLER_BATCHES} If these members are large, shorten them.`,
  },
  SLUICE_BODY_TOO_COSTLY: {
    cause: 'The body needs more work than the collector does for one request.',
    cure: `${SMALLER_BATCHES} If the collector was only slow, \`sluice redrive --reason SLUICE_BODY_TOO_COSTLY\` lands the batch.`,
  },
  SLUICE_BODY_ENCODING_UNKNOWN: {
    cause: 'The body has an encoding that the collector does not know.',
    cure: 'Send it plain or as gzip, zstd, br or deflate.',
  },
  SLUICE_BODY_TRUNCATED: {
    cause:
      'The body ends before its JSON or its compression does: something on the way to the collector cut it, or its sender did not send all of it.',
    cure: 'Compare the sizes in the details of these bodies with the limits and buffers of each proxy on the way: `sluice quarantine --reason SLUICE_BODY_TRUNCATED` shows them. If all have one size, that is the limit, and smaller bodies of the same key pass: raise it, or send smaller batches.',
  },
  SLUICE_BODY_CORRUPT: {
    cause: 'The body could not be decompressed, is compressed too often, or is not what its header says.',
    cure: 'Send the body as the SDK wrote it. A proxy on the way can change its bytes.',
  },
  SLUICE_BODY_NOT_JSON: {
    cause: 'The body is not JSON.',
    cure: 'Send {"events": […]} as JSON.',
  },
  SLUICE_BODY_JSON_IN_TEXT: {
    cause: 'The body, or its list of events, is a text that holds JSON: its sender encodes it twice.',
    cure: 'Send {"events": […]} as JSON once. Most often a text is given to JSON.stringify, or to a client that encodes by itself.',
  },
  SLUICE_BODY_WRONG_SHAPE: {
    cause: 'The body is JSON, but not a batch of events, or nested too deeply.',
    cure: 'Send {"events": […]} or {"exposures": […]}. If statsigMetadata and user are present, they must be objects.',
  },
});
