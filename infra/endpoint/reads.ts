import type { PassThrough } from '../../lib/schema/passThrough.ts';
import { type Resource, type Resources, ref } from '../template/Resource.ts';
import { idOf, logicalIds, type Stack } from '../template/Stack.ts';

/** Statsig's hosts: the CDN of rules and ID lists, and the API. docs.statsig.com/infrastructure/statsig_domains */
const STATSIG = { cdn: 'https://api.statsigcdn.com', api: 'https://statsigapi.net' } as const;

/** Timeout for reading rules and ID lists. After a failure SDKs go on with those that they have. */
const TIMEOUT_MS = 10_000;

/**
 * The routes that SDKs and the HTTP API read, by the host that has them. Rules and ID lists by GET are files of a CDN,
 * and everything else goes to the API:
 *
 * - `download_config_specs`, `get_id_lists` by GET: statsig-rust, statsig_http_specs_adapter.rs and
 *   statsig_http_id_lists_adapter.rs; node-js-server-sdk, StatsigFetcher.ts; js-client-monorepo, NetworkConfig.ts (`?k=`)
 * - by POST, and `initialize`: cloudflare-event-proxy, src/index.js; dotnet-sdk, Constants.cs; unity-sdk, Constants.cs
 * - the HTTP API: docs.statsig.com/http-api
 *
 * Each route names its method: `ANY` would take browsers' preflights from the gateway
 * (infra/serverless/requirements.ts).
 */
export const READS = {
  cdn: [
    'GET /v1/download_config_specs',
    'GET /v1/download_config_specs/{key}',
    'GET /v2/download_config_specs',
    'GET /v2/download_config_specs/{key}',
    'GET /v1/get_id_lists',
    'GET /v1/get_id_lists/{key}',
    'GET /v1/download_id_list_file/{file}',
  ],
  api: [
    'POST /v1/initialize',
    'POST /v1/download_config_specs',
    'POST /v2/download_config_specs',
    'POST /v1/get_id_lists',
    'POST /v1/check_gate',
    'POST /v1/get_config',
    'POST /v1/get_layer',
    'POST /v1/get_ranked_list',
  ],
} as const;

/**
 * The routes for reads of SDKs under the collector's address, which the gateway passes on by itself. docs/sdks.md,
 * "SDKs with one address"
 */
export function readResources({ config: { passThrough } }: Stack): Resources {
  if (passThrough === null) return {};
  return {
    ...readsOf('cdn', passThrough),
    ...readsOf('api', passThrough),
  };
}

/** The integration with one host of Statsig, and the routes to it. */
function readsOf(host: keyof typeof READS, { url }: PassThrough): Resources {
  const { origin, pathname } = new URL(url ?? STATSIG[host]);
  const id = host === 'cdn' ? 'ReadFilesIntegration' : 'ReadIntegration';
  const routes = READS[host].map((key): [string, Resource] => [
    routeId(key),
    {
      Type: 'AWS::ApiGatewayV2::Route',
      Properties: {
        ApiId: ref(logicalIds.httpApi),
        RouteKey: key,
        Target: { 'Fn::Join': ['/', ['integrations', ref(id)]] },
      },
    },
  ]);
  return {
    [id]: {
      Type: 'AWS::ApiGatewayV2::Integration',
      Properties: {
        ApiId: ref(logicalIds.httpApi),
        IntegrationType: 'HTTP_PROXY',
        IntegrationUri: origin,
        IntegrationMethod: 'ANY',
        PayloadFormatVersion: '1.0',
        // https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
        RequestParameters: { 'overwrite:path': `${pathname.replace(/\/$/, '')}$request.path` },
        TimeoutInMillis: TIMEOUT_MS,
      },
    },
    ...Object.fromEntries(routes),
  };
}

/** The logical ID of a route: `ReadGetV1GetIdListsKey` of `GET /v1/get_id_lists/{key}`. */
function routeId(key: string): string {
  return `Read${idOf(key.toLowerCase().replaceAll(/[^a-z0-9]/g, '-'))}`;
}
