import { defineConfig } from '../lib/config/defineConfig.ts';

/** The configuration of tables that benchmarks fill. */
export const benchConfig = defineConfig({
  bucket: 'bench',
  unitIds: { companyID: 'company_id' },
});
