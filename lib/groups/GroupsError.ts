import { defineErrorFamily } from '../base/errors.ts';

/** Problems of Statsig's specs and of the table of experiment groups, which is made from them. */
export const GroupsError = defineErrorFamily('user', {
  SLUICE_GROUPS_SPECS_NOT_JSON: {
    cause: 'The specs are not JSON.',
    cure: 'Use the uncompressed response of download_config_specs. `sluice groups pull` without --specs downloads it.',
  },
  SLUICE_GROUPS_SPECS_INVALID: {
    cause: 'The specs are not a response of /v2/download_config_specs.',
    cure: 'Use the response of /v2/download_config_specs for a server secret key. A response of /initialize does not work: it describes one user, and its names are hashed.',
  },
  SLUICE_GROUPS_SPECS_TOO_LARGE: {
    cause: 'The specs are larger than Sluice reads.',
    cure: 'Check that it is the right file. A key of a target app gets the specs of that app only: pull with such a key.',
  },
  SLUICE_GROUPS_NO_KEY: {
    cause: 'There is no server secret key to ask Statsig with.',
    cure: 'Set STATSIG_SERVER_KEY, or pipe the key to stdin; or give a file with --specs.',
  },
  SLUICE_GROUPS_KEY_REFUSED: {
    cause: 'Statsig did not accept the key.',
    cure: 'Use a server secret key (secret-…) of the project, from Settings > Keys & Environments in the Statsig console.',
  },
  SLUICE_GROUPS_ENDPOINT_INVALID: {
    cause: 'The specs cannot be downloaded from that URL.',
    cure: 'Give --specs-url as https://<host>/<path>, without the key; plain http is for loopback only.',
  },
  SLUICE_GROUPS_UNAVAILABLE: {
    cause: 'Statsig did not answer with specs.',
    cure: 'Run the command again later, or check the network and --specs-url.',
  },
  SLUICE_GROUPS_TABLE_INVALID: {
    cause: 'The table of experiment groups cannot be read.',
    cure: 'Restore an earlier version of its object in S3 (the bucket is versioned). Only if there is none, delete the object, by its version, and pull again: groups that Statsig no longer has are then gone.',
  },
  SLUICE_GROUPS_TABLE_TOO_LARGE: {
    cause: 'The table of experiment groups would be larger than collectors read.',
    cure: 'Delete rows of experiments that nobody analyses any more from the object in S3, then pull again.',
  },
  SLUICE_GROUPS_BUSY: {
    cause: 'Somebody else changed the table of experiment groups at every try.',
    cure: 'Run the command again.',
  },
  SLUICE_GROUPS_STORE: {
    cause: 'The table of experiment groups cannot be read from or written to S3.',
    cure: 'Check that your credentials allow s3:GetObject and s3:PutObject on the object and the use of the bucket key, and that the stack is deployed.',
  },
});
