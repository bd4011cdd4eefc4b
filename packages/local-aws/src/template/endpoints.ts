import { TemplateError } from '../base/errors.ts';
import type { FunctionUrl } from '../gateway/FunctionUrl.ts';
import type { Cors, HttpApi } from '../gateway/HttpApi.ts';
import type { ResolvedResource } from './resolveTemplate.ts';
import { arnName, readResource } from './resolveTemplate.ts';
import {
  apiProperties,
  integrationProperties,
  routeProperties,
  stageProperties,
  urlProperties,
} from './resourceProperties.ts';

/**
 * The template's HTTP API with the integration of each route; undefined when there is no API.
 *
 * @throws TemplateError `TEMPLATE_INVALID` for a second API, or a route without a target.
 */
export function readHttpApi(ofType: (type: string) => readonly ResolvedResource[]): HttpApi | undefined {
  const [api, second] = ofType('AWS::ApiGatewayV2::Api');
  if (api === undefined) return undefined;
  if (second !== undefined) {
    throw new TemplateError('TEMPLATE_INVALID', `A second HTTP API: ${second.logicalId}.`);
  }
  for (const stage of ofType('AWS::ApiGatewayV2::Stage')) readResource(stage, stageProperties);
  const integrations = new Map(
    ofType('AWS::ApiGatewayV2::Integration').map((resource) => [
      `integrations/${resource.physicalId}`,
      readResource(resource, integrationProperties),
    ]),
  );
  return {
    apiId: api.physicalId,
    cors: corsOf(readResource(api, apiProperties).CorsConfiguration),
    routes: ofType('AWS::ApiGatewayV2::Route').map((resource) => {
      const { RouteKey, Target } = readResource(resource, routeProperties);
      const integration = integrations.get(Target);
      if (integration === undefined) {
        throw new TemplateError('TEMPLATE_INVALID', `${resource.logicalId}: no ${Target}.`);
      }
      const { IntegrationUri: uri, TimeoutInMillis: timeoutMs } = integration;
      const route = { routeKey: RouteKey, timeoutMs };
      if (integration.IntegrationType === 'AWS_PROXY') return { ...route, functionName: arnName(uri) };
      const { IntegrationMethod: method, RequestParameters } = integration;
      const proxy = {
        uri,
        path: RequestParameters?.['overwrite:path'],
        method: method === 'ANY' ? undefined : method,
      };
      return { ...route, proxy };
    }),
  };
}

/** Reads a Function URL of the template, and whether everybody may invoke it. @throws TemplateError `TEMPLATE_INVALID` */
export function functionUrl(
  resource: ResolvedResource,
  permissions: readonly ResolvedResource[],
): FunctionUrl {
  const { TargetFunctionArn, Cors: cors } = readResource(resource, urlProperties);
  const functionName = arnName(TargetFunctionArn);
  const everybodyMay = (action: string, condition: string, value: unknown) =>
    permissions.some(
      ({ properties }) =>
        arnName(String(properties['FunctionName'])) === functionName &&
        properties['Action'] === action &&
        properties['Principal'] === '*' &&
        (properties[condition] === value || properties[condition] === undefined),
    );
  const { url } = resource;
  if (url === undefined) throw new TemplateError('TEMPLATE_INVALID', `${resource.logicalId} has no URL.`);
  const domainName = new URL(url).host;
  const [urlId = domainName] = domainName.split('.');
  return {
    urlId,
    domainName,
    functionName,
    cors: corsOf(cors),
    isPublic:
      everybodyMay('lambda:InvokeFunctionUrl', 'FunctionUrlAuthType', 'NONE') &&
      everybodyMay('lambda:InvokeFunction', 'InvokedViaFunctionUrl', true),
  };
}

/** The CORS settings of an API; undefined without any. */
function corsOf(cors: ReturnType<typeof apiProperties.parse>['CorsConfiguration']): Cors | undefined {
  if (cors === undefined) return undefined;
  return {
    allowOrigins: cors.AllowOrigins,
    allowMethods: cors.AllowMethods,
    allowHeaders: cors.AllowHeaders,
    exposeHeaders: cors.ExposeHeaders,
    maxAgeSeconds: cors.MaxAge,
  };
}
