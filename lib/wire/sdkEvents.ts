/**
 * How names of events begin that SDKs log by themselves, such as `statsig::identify` and `statsig::log_line`: they are in the
 * raw tables, and no events of a product.
 */
export const SDK_EVENTS = 'statsig::';

/**
 * Events that SDKs log about themselves. They land only if the configuration says so: they are of no use to analysts,
 * and one session recording can be larger than a Firehose record. By default they are only counted by name.
 */
export const TELEMETRY_EVENTS: ReadonlySet<string> = new Set([
  'statsig::diagnostics',
  'statsig::non_exposed_checks',
  'statsig::session_recording',
]);
