import { defineErrorFamily } from '../../errors/defineErrorFamily.ts';

/** Why the list of keys could not be changed. */
export const KeyListError = defineErrorFamily('user', {
  SLUICE_KEYS_NO_SECRET: {
    cause: 'There is no secret for keys under this name.',
    cure: 'Deploy first, then name the same --stage and --region; or give its name with --secret.',
  },
  SLUICE_KEYS_REFUSED: {
    cause: 'AWS did not let us.',
    cure: 'Use credentials that may secretsmanager:GetSecretValue, PutSecretValue and UpdateSecretVersionStage on the secret.',
  },
  SLUICE_KEYS_BUSY: {
    cause: 'Somebody else keeps changing the keys at the same time.',
    cure: 'Run the command again.',
  },
  SLUICE_KEYS_KNOWN: {
    cause: 'This key is in the list already.',
    cure: 'Remove it first to give it another label, environment, kinds or sources.',
  },
  SLUICE_KEYS_NOT_FOUND: {
    cause: 'There is no such key in the list.',
    cure: '`sluice keys list` shows what is there; keys of sluice.config.ts are removed there.',
  },
  SLUICE_KEYS_AMBIGUOUS: {
    cause: 'Several keys have this label.',
    cure: 'Say which with --sha256: the first digits of its SHA-256 are enough.',
  },
  SLUICE_KEYS_NOT_AN_SDK_KEY: {
    cause: 'This is no SDK key.',
    cure: 'Give a client-… or secret-… key on stdin, e.g. printf %s "$KEY" | sluice keys add web.',
  },
  SLUICE_KEYS_ENTRY_INVALID: {
    cause: 'The key can not be listed like that.',
    cure: 'Mend what is named.',
  },
  SLUICE_KEYS_UNREADABLE: {
    cause: 'The secret does not hold a list of keys, so it is left alone.',
    cure: 'Mend what is named, in the console or with `aws secretsmanager put-secret-value`.',
  },
});
