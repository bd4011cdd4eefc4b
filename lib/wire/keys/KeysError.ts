import { defineErrorFamily } from '../../errors/defineErrorFamily.ts';

/** Why a key could not be judged, or may not be used just now: answered 503, so that the SDK sends again. */
export const KeysError = defineErrorFamily('system', {
  SLUICE_KEYS_UNAVAILABLE: {
    cause: 'The keys that may post could not be read.',
    cure: "Send the batch again. If it persists, look at Secrets Manager and at the collector's right to read the secret.",
  },
  SLUICE_KEYS_INVALID: {
    cause: 'The secret does not hold a list of keys.',
    cure: 'Put {"keys": [{"label": "web", "sha256": "…"}]} into it; `sluice keys list` names what is wrong.',
  },
  SLUICE_KEY_OVER_LIMIT: {
    cause: 'This key sends more requests than it may.',
    cure: 'Send the batch again later, or raise `keyLimit` in sluice.config.ts.',
  },
});
