import { ConfigError } from '../../../lib/config/ConfigError.ts';
import type { Check } from '../Check.ts';
import { finding } from '../Finding.ts';

const HOLDOUTS = '`holdouts` is not in the configuration.';

/** The configuration: every other check goes by it, so this comes first. */
export const configuration: Check = {
  name: 'configuration',
  expects: 'the configuration file is there and valid, and names the holdouts',
  needs: [],
  blocks: ['SLUICE_DOCTOR_CONFIGURATION'],
  codes: ['SLUICE_DOCTOR_CONFIGURATION', 'SLUICE_DOCTOR_HOLDOUTS_UNKNOWN'],
  permissions: [],
  async run(visit) {
    try {
      const { holdouts } = await visit.config();
      return holdouts === null ? [finding('SLUICE_DOCTOR_HOLDOUTS_UNKNOWN', HOLDOUTS)] : [];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      return [finding('SLUICE_DOCTOR_CONFIGURATION', error.message)];
    }
  },
};
