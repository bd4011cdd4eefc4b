import { defineErrorFamily } from '../../../../lib/base/errors.ts';

/** What can keep the local cloud from starting. */
export const LocalCloudError = defineErrorFamily('user', {
  SLUICE_LOCAL_DATA_IN_USE: {
    cause: 'Another local cloud uses this data directory.',
    cure: 'Stop it, or start this one with another directory: --data DIR. If that process is none of ours, its number was used again after a crash: delete the named file.',
  },
  SLUICE_LOCAL_DATA_NOT_YOURS: {
    cause: 'The data directory belongs to another user of this machine, who could read what is kept in it.',
    cure: 'Start the local cloud with a directory of your own: --data DIR.',
  },
  SLUICE_LOCAL_PORT_IN_USE: {
    cause: 'A port is taken.',
    cure: 'Choose others with --port and --edge-port; 0 takes any free one.',
  },
  SLUICE_LOCAL_FUNCTION_UNKNOWN: {
    cause: 'The template refers to a function that it does not have.',
    cure: 'Compare the events in serverless.yml and the targets in infra/ with the functions.',
  },
});
