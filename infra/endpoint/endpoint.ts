import { hasFunctionUrl, hasGateway } from '../../lib/schema/endpoint.ts';
import { requestLimits } from '../../lib/schema/requestLimits.ts';
import {
  getAtt,
  type Output,
  type Resource,
  type Resources,
  ref,
  sub,
  type Value,
} from '../template/Resource.ts';
import { logicalIds, type Stack } from '../template/Stack.ts';
import { readResources } from './reads.ts';

/** Properties that are added to a resource of Serverless. */
export interface Extension {
  /** The properties by their names. Each replaces that of Serverless as a whole. */
  readonly Properties: { readonly [name: string]: Value };
}

/** Seconds for which a browser keeps the answer to a preflight: a day. */
export const PREFLIGHT_SECONDS = 86_400;

/** CORS settings, as `provider.httpApi.cors` of serverless.yml: a browser may post from any site. */
const CORS = {
  AllowOrigins: ['*'],
  AllowHeaders: ['*'],
  AllowMethods: ['POST'],
  MaxAge: PREFLIGHT_SECONDS,
} as const;

/**
 * Fields of the access log, which has one JSON object per request. It never has the query string or the path: SDKs send
 * their key as `?k=`, and paths of Statsig's API contain one. `responseLength` is the size of the answer.
 * `dataProcessed` is left out, because AWS does not say which size it is.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
const ACCESS_LOG = {
  time: '$context.requestTime',
  request_id: '$context.requestId',
  ip: '$context.identity.sourceIp',
  route: '$context.routeKey',
  status: '$context.status',
  bytes: '$context.responseLength',
  ms: '$context.responseLatency',
  error: '$context.error.message',
} as const;

/**
 * The log group of the access log. With this beginning of its name it needs no statement in the account's policy for
 * logs, which has little room:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html
 */
export function accessLogGroup({ service, stage }: Pick<Stack, 'service' | 'stage'>): string {
  return `/aws/vendedlogs/${service}-${stage}-access`;
}

/** The Function URLs, the domain, the routes of reads and the access log. The HTTP API comes from serverless.yml. */
export function endpointResources(stack: Stack): Resources {
  const { endpoint, sources } = stack.config;
  return {
    ...(hasFunctionUrl(endpoint)
      ? {
          ...functionUrl(logicalIds.collectUrl, 'CollectLambdaFunction', { Cors: CORS }),
          // No browser starts an ingest.
          ...(sources.length === 0
            ? {}
            : functionUrl(logicalIds.triggerUrl, 'IngestDashtriggerLambdaFunction', {})),
        }
      : {}),
    ...domain(stack),
    ...readResources(stack),
    ...(endpoint.accessLogDays === null
      ? {}
      : {
          [logicalIds.accessLogGroup]: {
            Type: 'AWS::Logs::LogGroup',
            Properties: {
              LogGroupName: accessLogGroup(stack),
              RetentionInDays: endpoint.accessLogDays,
            },
          },
        }),
  };
}

/**
 * The domain of the HTTP API. TLS 1.2 is the lowest version that AWS offers for it:
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html
 */
function domain({ config: { endpoint } }: Stack): Resources {
  if (endpoint.domain === null || endpoint.certificateArn === null) return {};
  return {
    [logicalIds.domain]: {
      Type: 'AWS::ApiGatewayV2::DomainName',
      Properties: {
        DomainName: endpoint.domain,
        DomainNameConfigurations: [
          {
            CertificateArn: endpoint.certificateArn,
            EndpointType: 'REGIONAL',
            SecurityPolicy: 'TLS_1_2',
          },
        ],
      },
    },
    [logicalIds.domainMapping]: {
      Type: 'AWS::ApiGatewayV2::ApiMapping',
      Properties: {
        DomainName: ref(logicalIds.domain),
        ApiId: ref(logicalIds.httpApi),
        Stage: ref(logicalIds.httpApiStage),
      },
    },
  };
}

/**
 * A Function URL that everybody may post to; the key of a request decides who sends events. Since October 2025 Lambda
 * asks for both permissions: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
 */
function functionUrl(logicalId: string, functionId: string, properties: Resource['Properties']): Resources {
  const permission = (terms: Resource['Properties']): Resource => ({
    Type: 'AWS::Lambda::Permission',
    Properties: { FunctionName: getAtt(functionId), Principal: '*', ...terms },
  });
  return {
    [logicalId]: {
      Type: 'AWS::Lambda::Url',
      Properties: { TargetFunctionArn: getAtt(functionId), AuthType: 'NONE', ...properties },
    },
    [`${logicalId}PostPermission`]: permission({
      Action: 'lambda:InvokeFunctionUrl',
      FunctionUrlAuthType: 'NONE',
    }),
    [`${logicalId}InvokePermission`]: permission({
      Action: 'lambda:InvokeFunction',
      InvokedViaFunctionUrl: true,
    }),
  };
}

/** Properties of the HTTP API's stage that serverless.yml cannot set. */
export function endpointExtensions({ config }: Stack): Readonly<Record<string, Extension>> {
  const { endpoint } = config;
  if (!hasGateway(endpoint)) return {};
  const { requestsPerSecond, burst } = requestLimits(config);
  return {
    [logicalIds.httpApiStage]: {
      Properties: {
        DefaultRouteSettings: {
          DetailedMetricsEnabled: false,
          ThrottlingRateLimit: requestsPerSecond,
          ThrottlingBurstLimit: burst,
        },
        ...(endpoint.accessLogDays === null
          ? {}
          : {
              AccessLogSettings: {
                DestinationArn: getAtt(logicalIds.accessLogGroup),
                Format: JSON.stringify(ACCESS_LOG),
              },
            }),
      },
    },
  };
}

/** What an address that takes events says. */
const POINT_HERE = 'Point SDKs here; any path except the reserved ones will do, /v1/rgstr for example';

/**
 * The addresses to send to. With both kinds, `CollectorUrl` is the Function URL and `GatewayUrl` the gateway, in
 * whichever direction SDKs move. A domain of the deployment is an output of its own, because it answers only once its
 * DNS record exists.
 */
export function endpointOutputs(stack: Stack): Readonly<Record<string, Output>> {
  return { ...addressOutputs(stack), ...domainOutputs(stack) };
}

/** The outputs of the domain; none without one. */
function domainOutputs({ config: { endpoint } }: Stack): Readonly<Record<string, Output>> {
  if (endpoint.domain === null) return {};
  return {
    DomainUrl: {
      Description: 'Address of the collector on your own domain, once its DNS record points to DomainTarget',
      Value: `https://${endpoint.domain}`,
    },
    DomainTarget: {
      Description: 'Target of the DNS record of the domain: a CNAME, or an alias in Route 53',
      Value: getAtt(logicalIds.domain, 'RegionalDomainName'),
    },
    DomainHostedZoneId: {
      Description: 'Hosted zone of DomainTarget, for an alias in Route 53',
      Value: getAtt(logicalIds.domain, 'RegionalHostedZoneId'),
    },
  };
}

/** The outputs of the gateway and of the Function URLs. */
function addressOutputs({ config }: Stack): Readonly<Record<string, Output>> {
  const { endpoint, sources } = config;
  const gateway = sub(`https://\${${logicalIds.httpApi}}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}`);
  if (!hasFunctionUrl(endpoint)) return { CollectorUrl: { Description: POINT_HERE, Value: gateway } };
  return {
    CollectorUrl: { Description: POINT_HERE, Value: address(logicalIds.collectUrl) },
    ...(hasGateway(endpoint)
      ? { GatewayUrl: { Description: 'Address of the gateway, which takes events too', Value: gateway } }
      : {}),
    ...(sources.length === 0
      ? {}
      : {
          DataReadyUrl: {
            Description: 'Post to /v1/mark_data_ready_dwh here to start an ingest',
            Value: address(logicalIds.triggerUrl),
          },
        }),
  };
}

/**
 * The address of a Function URL. Lambda ends it with a slash, which is removed, because the path behind it would double
 * the slash.
 */
function address(logicalId: string): Value {
  const parts: Value = { 'Fn::Split': ['/', getAtt(logicalId, 'FunctionUrl')] };
  return { 'Fn::Join': ['', ['https://', { 'Fn::Select': [2, parts] }]] };
}
