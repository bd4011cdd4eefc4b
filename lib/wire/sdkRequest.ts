import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { MAX_KEY_LENGTH } from './limits.ts';

/** The members of API Gateway's payload 2.0 that are used; a Function URL sends the same. */
export type HttpRequest = Pick<
  APIGatewayProxyEventV2,
  'rawPath' | 'rawQueryString' | 'headers' | 'body' | 'isBase64Encoded'
> & {
  readonly requestContext: {
    readonly http: {
      readonly method: string;
      /** The sender's address, as the gateway sees it. */
      readonly sourceIp?: string;
    };
    /** Also in a header of the answer: `apigw-requestid`, or `x-amzn-requestid` of a Function URL. */
    readonly requestId?: string;
    /** When the gateway received it, epoch milliseconds. */
    readonly timeEpoch?: number;
  };
};

/** How a request describes its body's encoding. The bytes take precedence: a proxy can have decoded them already. */
export interface BodyMarkers {
  /** Header `Content-Encoding`, '' when there is none. */
  readonly contentEncoding: string;
  /** Query `se=1` or header `STATSIG-ENCODED: 1`: reversed base64 of Latin-1 text. */
  readonly statsigEncoded: boolean;
}

/** Parsed headers and query of an SDK's request; null where they have no value. */
export interface SdkRequest {
  /** The HTTP method as the gateway passes it on. */
  readonly method: string;
  /** The path without the query. */
  readonly path: string;
  /** The SDK key, if it has the shape of one. */
  readonly key: string | null;
  /** See {@link keyProblem}; '' with a key. */
  readonly keyProblem: string;
  /** What headers and query say of the body's encoding. */
  readonly markers: BodyMarkers;
  /** The sender's clock when it sent the request: header `STATSIG-CLIENT-TIME`, then query `t`. */
  readonly clientTimes: readonly (string | null)[];
  /** The session, by header or query. */
  readonly sessionId: string | null;
  /** The session if a header states it, as server SDKs do. */
  readonly serverSession: string | null;
  /** The kind of SDK, by header or query. */
  readonly sdkType: string | null;
  /** The version of the SDK, by header or query. */
  readonly sdkVersion: string | null;
  /** The gateway's ID of the request; null where the gateway does not say. */
  readonly requestId: string | null;
  /** When the gateway received it, epoch milliseconds; undefined where the gateway does not say. */
  readonly gatewayTime: number | undefined;
}

/** The header in which server SDKs state their session, in lower case. */
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
  const key = readSdkKey(headers, query);
  return {
    method: requestContext.http.method,
    path: rawPath,
    key,
    keyProblem: key === null ? keyProblem(headers, query) : '',
    markers: bodyMarkers(headers, query),
    clientTimes: [headers['statsig-client-time'] ?? null, query.get('t')],
    sessionId: stated(SERVER_SESSION, 'sid'),
    serverSession: headers[SERVER_SESSION] || null,
    sdkType: stated('statsig-sdk-type', 'st'),
    sdkVersion: stated('statsig-sdk-version', 'sv'),
    requestId: readRequestId(requestContext),
    gatewayTime: requestContext.timeEpoch,
  };
}

/** What headers and query of a request say of its body's encoding. @param headers Names in lower case. */
export function bodyMarkers(
  headers: Readonly<Record<string, string | undefined>>,
  query: URLSearchParams,
): BodyMarkers {
  return {
    contentEncoding: headers['content-encoding'] ?? '',
    statsigEncoded: query.get('se') === '1' || headers['statsig-encoded'] === '1',
  };
}

/** The forms of AWS's request IDs: `JKJaXmPLvHcESHA=`, or a UUID. Anything else is not written to a log. */
const REQUEST_ID = /^[\w=-]{1,64}$/;

/** The gateway's ID of a request; null where it does not have the form of one. */
export function readRequestId({
  requestId,
}: Pick<HttpRequest['requestContext'], 'requestId'>): string | null {
  return requestId !== undefined && REQUEST_ID.test(requestId) ? requestId : null;
}

/** Statsig's two classes of keys; printable ASCII without space. */
const SDK_KEY = /^(?:client|secret)-[\x21-\x7e]+$/;

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
  return sdkKey(headers['statsig-api-key']) ?? sdkKey(query.get('k'));
}

/** The text if it has the form of an SDK key; otherwise null. */
export function sdkKey(text: string | null | undefined): string | null {
  return typeof text === 'string' && text.length <= MAX_KEY_LENGTH && SDK_KEY.test(text) ? text : null;
}

/**
 * Why the text in the place of a key is not a key, as a sentence without the text; '' if there is no text.
 *
 * @param headers As {@link readSdkKey}.
 */
export function keyProblem(
  headers: Readonly<Record<string, string | undefined>>,
  query: URLSearchParams,
): string {
  const header = headers['statsig-api-key'];
  const parameter = query.get('k');
  const text = header || parameter || '';
  if (text === '') return '';
  const place = header ? 'The header STATSIG-API-KEY' : 'The query parameter k';
  if (!/^(client|secret)-/.test(text)) return `${place} begins with neither client- nor secret-.`;
  if (text.length > MAX_KEY_LENGTH) return `${place} is longer than ${MAX_KEY_LENGTH} characters.`;
  return `${place} has nothing after client- or secret-, or a space or another character that no key has.`;
}

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
  // The function ingest-trigger has its own route. Requests that arrive here have another method or path, or there are
  // no sources.
  return endpoint === 'mark_data_ready_dwh'
    ? 'mark_data_ready_dwh is taken by POST, without a slash at its end, only with `sources`; with a Function URL, at the output DataReadyUrl.'
    : `${endpoint} is Statsig's.`;
}

/** Paths on which SDKs report their own errors: answered and counted, not stored. */
export function isExceptionReport(path: string): boolean {
  return path.endsWith('/sdk_exception') || path.endsWith('/rgstr_e');
}

/**
 * The `sdkType`s of Statsig's SDKs. A sender can write anything there, so logs contain only names of this list. An
 * unlisted SDK is logged as `other`; its events land like any others.
 */
const SDK_TYPES: readonly string[] = [
  'javascript-client',
  'javascript-client-react',
  'javascript-client-react-native',
  'javascript-client-rn',
  'javascript-client-expo',
  'javascript-client-angular',
  'js-on-device-eval-client',
  'js-client',
  'react-client',
  'react-native-client',
  'expo-client',
  'android-client',
  'android-on-device-eval-client',
  'ios-client',
  'ios-on-device-eval-client',
  'dart-client',
  'dotnet-client',
  'unity-client',
  'roku-client',
  'cpp-client',
  'statsig-node',
  'statsig-node-lite',
  'go-sdk',
  'py-server',
  'ruby-server',
  'java-server',
  'dotnet-server',
  'php-server',
  'rust-server',
  'erlang-server',
  // Rust and C++ say no more.
  'statsig-server-core',
  'statsig-server-core-node',
  'statsig-server-core-python',
  'statsig-server-core-java',
  'statsig-server-core-go',
  'statsig-server-core-php',
  'statsig-server-core-dotnet',
  'statsig-server-core-elixir',
  'statsig-server-core-rust',
  'statsig-server-core-cpp',
];

/** Release numbers with common pre-release suffixes, too short to contain anything else. */
const VERSION = /^v?(\d{1,3}\.\d{1,4}\.\d{1,5}(?:-(?:alpha|beta|rc)(?:\.\d{1,3})?)?)$/;

/** An SDK's name for logs, e.g. `javascript-client 3.33.5`. It never contains text from the sender. */
export function sdkLabel(type: string | null, version: string | null): string {
  const unlisted = type === null ? 'unknown' : 'other';
  const name = SDK_TYPES.find((listed) => listed === type) ?? unlisted;
  const release = VERSION.exec(version ?? '')?.[1];
  return release === undefined ? name : `${name} ${release}`;
}
