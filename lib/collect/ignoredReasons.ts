import { TELEMETRY_EVENTS } from '../wire/telemetryEvents.ts';

/**
 * Why what was sent is counted and not kept, though nothing is wrong with it: the configuration says so, or it
 * is an SDK's own report of an error. Telemetry is counted under its own names.
 */
const REASONS = ['event_filtered', 'exposure_filtered', 'exception_report'] as const;

/** One of {@link ignoredReasons}, telemetry's names aside. */
export type IgnoredReason = (typeof REASONS)[number];

/** Every reason under which something is ignored: a closed list, so that metrics can have it as a dimension. */
export const ignoredReasons: readonly string[] = [...REASONS, ...TELEMETRY_EVENTS];
