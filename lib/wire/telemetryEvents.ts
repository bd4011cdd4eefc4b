/**
 * What SDKs log about themselves. Not landed unless the configuration says so: nobody analyses it, and one
 * session recording can be larger than a Firehose record. Counted by name instead.
 */
export const TELEMETRY_EVENTS: ReadonlySet<string> = new Set([
  'statsig::diagnostics',
  'statsig::non_exposed_checks',
  'statsig::session_recording',
]);
