import { defineConfig } from '../lib/config/defineConfig.ts';

/** The configuration of tables that benchmarks fill. */
export const benchConfig = defineConfig({
  bucket: 'bench',
  unitIds: { companyID: 'company_id' },
});

/**
 * Memory of the writer, MiB, with which a Lambda has one CPU: infra/serverless/serviceFunctions.ts,
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
 */
export const WRITER_MEGABYTES = 1_769;
