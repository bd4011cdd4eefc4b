import type { Config } from './config.ts';

/** As Athena counts: https://docs.aws.amazon.com/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html */
const BYTES_A_GIGABYTE = 1_000_000_000;

/** Bytes that one query may scan. */
export function scanLimitBytes({ athena }: Pick<Config, 'athena'>): number {
  return Math.round(athena.scanLimitGigabytes * BYTES_A_GIGABYTE);
}
