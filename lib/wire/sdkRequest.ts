import type { APIGatewayProxyEventV2 } from 'aws-lambda';

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
  readonly method: string;
  readonly path: string;
  /** The SDK key, if it has the shape of one. */
  readonly key: string | null;
  readonly markers: BodyMarkers;
  /** The sender's clock when it sent: header `STATSIG-CLIENT-TIME`, then query `t`. */
  readonly clientTimes: readonly (string | null)[];
  readonly sessionId: string | null;
  /** The session if a header states it, as server SDKs do. */
  readonly serverSession: string | null;
  readonly sdkType: string | null;
  readonly sdkVersion: string | null;
  /** The gateway's ID of the request; null where the gateway does not say. */
  readonly requestId: string | null;
  /** When the gateway received it, epoch milliseconds; undefined where the gateway does not say. */
  readonly gatewayTime: number | undefined;
}

/** A request whose headers and query say nothing but the key, as its protocol found it. */
export function readPlainRequest(
  { rawPath, headers, requestContext }: HttpRequest,
  key: string | null,
): SdkRequest {
  return {
    method: requestContext.http.method,
    path: rawPath,
    key,
    markers: { contentEncoding: headers['content-encoding'] ?? '', statsigEncoded: false },
    clientTimes: [],
    sessionId: null,
    serverSession: null,
    sdkType: null,
    sdkVersion: null,
    requestId: readRequestId(requestContext),
    gatewayTime: requestContext.timeEpoch,
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

/**
 * The `sdkType`s of SDKs. A sender can write anything there, so logs contain only names of this list. An
 * unlisted SDK is logged as `other`; its events land like any others.
 */
const SDK_TYPES: ReadonlySet<string> = new Set([
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
  'growthbook-js',
  'growthbook-python',
  'growthbook-go',
]);

/** Release numbers with common pre-release suffixes, too short to contain anything else. */
const VERSION = /^v?\d{1,3}\.\d{1,4}\.\d{1,5}(?:-(?:alpha|beta|rc)(?:\.\d{1,3})?)?$/;

/** An SDK's name for logs, e.g. `javascript-client 3.33.5`. It never contains text from the sender. */
export function sdkLabel(type: string | null, version: string | null): string {
  const name = type === null ? 'unknown' : SDK_TYPES.has(type) ? type : 'other';
  return version !== null && VERSION.test(version) ? `${name} ${version.replace(/^v/, '')}` : name;
}
