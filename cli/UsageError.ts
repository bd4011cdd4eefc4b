import { defineErrorFamily } from '../lib/errors/defineErrorFamily.ts';

/** Wrong use of the command line: exit code 2. */
export const UsageError = defineErrorFamily('user', {
  SLUICE_USAGE_UNKNOWN_COMMAND: { cause: 'There is no such command.', cure: 'See `sluice --help`.' },
  SLUICE_USAGE_OPTIONS: { cause: 'The options are not understood.', cure: 'See `sluice <command> --help`.' },
  SLUICE_USAGE_ARGUMENTS: {
    cause: 'The arguments are not understood.',
    cure: 'See `sluice <command> --help`.',
  },
});
