import { defineErrorFamily } from '../../../errors/defineErrorFamily.ts';

/** Why `POST /v1/mark_data_ready_dwh` is refused. */
export const TriggerError = defineErrorFamily('user', {
  SLUICE_TRIGGER_KEY_NOT_SECRET: {
    cause: 'This is a client key, which everybody can read in an app.',
    cure: 'Send a secret-… key in the header STATSIG-API-KEY.',
  },
  SLUICE_TRIGGER_KEY_NO_SOURCES: {
    cause: 'This key names no sources, and there is more than one.',
    cure: 'Add the key again with `sluice keys add --sources <name>`, or name `sources` beside it in sluice.config.ts.',
  },
  SLUICE_TRIGGER_BODY_INVALID: {
    cause: 'The body does not say which data is ready.',
    cure: 'Send {"datestamps": ["2026-11-19"], "type": "events"} as JSON; type is events, metrics or exposures, and sources a list of names, if it is not all.',
  },
  SLUICE_TRIGGER_NO_DATASET: {
    cause: 'This key may start no dataset of this type there.',
    cure: 'Compare `sources` with the names that the key was given, and `type` with the kinds of their datasets.',
  },
  SLUICE_TRIGGER_TOO_SOON: {
    cause: 'Each source is started at most once in two hours.',
    cure: 'Send it again after the time in Retry-After; the schedule finds the data by itself, too.',
  },
});

/** What keeps the trigger from starting anything, through no fault of who called it. */
export const TriggerFailure = defineErrorFamily('system', {
  SLUICE_TRIGGER_FAILED: {
    cause: 'The ingest could not be started.',
    cure: 'Send it again: nothing was started, and it does not count.',
  },
  SLUICE_TRIGGER_ENVIRONMENT_INVALID: {
    cause: "The trigger's environment is not complete.",
    cure: 'Deploy serverless.yml as it is, or set the variables it sets.',
  },
});
