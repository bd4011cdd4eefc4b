import type { Cors, HttpApi } from '../gateway/HttpApi.ts';
import { arnName } from './arnName.ts';
import { LocalTemplateError } from './LocalTemplateError.ts';
import { readResource } from './readResource.ts';
import type { ResolvedResource } from './resolveTemplate.ts';
import {
  apiProperties,
  integrationProperties,
  routeProperties,
  stageProperties,
} from './resourceProperties.ts';

/**
 * The template's HTTP API with its routes traced to their functions; undefined when there is none.
 *
 * @throws LocalTemplateError `SLUICE_TEMPLATE_INVALID` for a second API, or a route that leads nowhere.
 */
export function readHttpApi(ofType: (type: string) => readonly ResolvedResource[]): HttpApi | undefined {
  const [api, second] = ofType('AWS::ApiGatewayV2::Api');
  if (api === undefined) return undefined;
  if (second !== undefined) {
    throw new LocalTemplateError('SLUICE_TEMPLATE_INVALID', `A second HTTP API: ${second.logicalId}.`);
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
        throw new LocalTemplateError('SLUICE_TEMPLATE_INVALID', `${resource.logicalId}: no ${Target}.`);
      }
      return {
        routeKey: RouteKey,
        functionName: arnName(integration.IntegrationUri),
        timeoutMs: integration.TimeoutInMillis,
      };
    }),
  };
}

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
