/**
 * Endpoints that SDKs ask for rules and answers. They see them here only when somebody has overridden more
 * than the log URL. Any other path may be a log path: customers rename it because blockers know the usual ones.
 */
const RESERVED = [
  ['initialize', /^\/v1\/initialize\/?$/],
  ['download_config_specs', /^\/v[12]\/download_config_specs(?:[/.]|$)/],
  ['get_id_lists', /^\/v1\/get_id_lists\/?$/],
  ['mark_data_ready_dwh', /^\/v1\/mark_data_ready_dwh\/?$/],
] as const;

/**
 * Name of the reserved endpoint that a path belongs to, else null. The path itself may hold a secret key
 * (`/v2/download_config_specs/<key>.json`), so only the name may be logged.
 */
export function reservedEndpoint(path: string): string | null {
  return RESERVED.find(([, pattern]) => pattern.test(path))?.[0] ?? null;
}

/** What is said of a path that is reserved for an endpoint. @param endpoint As {@link reservedEndpoint} answers it. */
export function reservedDetail(endpoint: string): string {
  // The function ingest-trigger has a route of its own: what comes here was sent otherwise, or has nobody to answer it.
  return endpoint === 'mark_data_ready_dwh'
    ? 'mark_data_ready_dwh is taken by POST, without a slash at its end, and only with `sources`.'
    : `${endpoint} is Statsig's.`;
}

/** Paths on which SDKs report their own errors: answered and counted, not stored. */
export function isExceptionReport(path: string): boolean {
  return path.endsWith('/sdk_exception') || path.endsWith('/rgstr_e');
}
