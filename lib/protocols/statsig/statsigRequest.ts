import { keyOf } from '../../wire/keys/keyForm.ts';
import { type HttpRequest, readRequestId, type SdkRequest } from '../../wire/sdkRequest.ts';

const SERVER_SESSION = 'statsig-server-session-id';

/** Reads the headers and the query of an SDK's request. */
export function readSdkRequest({
  rawPath,
  rawQueryString,
  headers,
  requestContext,
}: HttpRequest): SdkRequest {
  const query = new URLSearchParams(rawQueryString);
  const stated = (header: string, parameter: string) => headers[header] || query.get(parameter) || null;
  return {
    method: requestContext.http.method,
    path: rawPath,
    key: readSdkKey(headers, query),
    markers: {
      contentEncoding: headers['content-encoding'] ?? '',
      statsigEncoded: query.get('se') === '1' || headers['statsig-encoded'] === '1',
    },
    clientTimes: [headers['statsig-client-time'] ?? null, query.get('t')],
    sessionId: stated(SERVER_SESSION, 'sid'),
    serverSession: headers[SERVER_SESSION] || null,
    sdkType: stated('statsig-sdk-type', 'st'),
    sdkVersion: stated('statsig-sdk-version', 'sv'),
    requestId: readRequestId(requestContext),
    gatewayTime: requestContext.timeEpoch,
  };
}

/**
 * The SDK key of a request: header `STATSIG-API-KEY`, else query parameter `k`, which is all that the
 * js-client family and every beacon send. A value without the form `client-…` or `secret-…` is skipped, so that a header
 * that a proxy emptied does not hide the query's key. Null when neither has a key.
 *
 * @param headers Names in lower case.
 */
export function readSdkKey(
  headers: Readonly<Record<string, string | undefined>>,
  query: URLSearchParams,
): string | null {
  return keyOf(headers['statsig-api-key'], STATSIG_KEYS) ?? keyOf(query.get('k'), STATSIG_KEYS);
}

/** Statsig's two classes of keys. */
const STATSIG_KEYS = ['client', 'secret'] as const;

/**
 * Endpoints from which SDKs fetch rules and evaluations. The collector gets such requests only when an application has
 * overridden more than the log URL. Any other path can be a log path: customers rename it to avoid blockers.
 */
const RESERVED = [
  ['initialize', /^\/v1\/initialize\/?$/],
  ['download_config_specs', /^\/v[12]\/download_config_specs(?:[/.]|$)/],
  ['get_id_lists', /^\/v1\/get_id_lists(?:[/.]|$)/],
  ['download_id_list_file', /^\/v1\/download_id_list_file\//],
  ['check_gate', /^\/v1\/check_gate\/?$/],
  ['get_config', /^\/v1\/get_config\/?$/],
  ['get_layer', /^\/v1\/get_layer\/?$/],
  ['get_ranked_list', /^\/v1\/get_ranked_list\/?$/],
  ['mark_data_ready_dwh', /^\/v1\/mark_data_ready_dwh\/?$/],
] as const;

/**
 * Name of the reserved endpoint that a path belongs to, else null. The path itself may hold a secret key
 * (`/v2/download_config_specs/<key>.json`), so only the name may be logged.
 */
export function reservedEndpoint(path: string): string | null {
  return RESERVED.find(([, pattern]) => pattern.test(path))?.[0] ?? null;
}

/** The detail of the error for a reserved path. @param endpoint From {@link reservedEndpoint}. */
export function reservedDetail(endpoint: string): string {
  // The function ingest-trigger has its own route. Requests that arrive here have another method or path, or there are no sources.
  return endpoint === 'mark_data_ready_dwh'
    ? 'mark_data_ready_dwh is taken by POST, without a slash at its end, only with `sources`; with a Function URL, at the output DataReadyUrl.'
    : `${endpoint} is Statsig's.`;
}

/** Paths on which SDKs report their own errors: answered and counted, not stored. */
export function isExceptionReport(path: string): boolean {
  return path.endsWith('/sdk_exception') || path.endsWith('/rgstr_e');
}
