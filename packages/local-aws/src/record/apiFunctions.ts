import { z } from 'zod';
import { arnAt, type Place } from '../iam/Place.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { ofType } from './ofType.ts';

// Only the members that say who calls whom; the services that build the resources check all of them.
const integrationSchema = z.object({ ApiId: z.string(), IntegrationUri: z.string() });
const routeSchema = z.object({ ApiId: z.string(), RouteKey: z.string(), Target: z.string() });

/** Functions that an HTTP API invokes, for each route; `*` in a route stands for any part of a path. */
export function apiFunctions(resolved: ResolvedTemplate, place: Place) {
  const integrations = ofType(resolved, 'AWS::ApiGatewayV2::Integration');
  return ofType(resolved, 'AWS::ApiGatewayV2::Route').flatMap(({ properties }) => {
    const { ApiId, RouteKey, Target } = routeSchema.parse(properties);
    const [method = '*', path = ''] = RouteKey.split(' ');
    const integration = integrations.find(({ physicalId }) => Target === `integrations/${physicalId}`);
    if (integration === undefined) return [];
    const { IntegrationUri: functionArn } = integrationSchema.parse(integration.properties);
    const route = path.replace(/\{\w+\+?\}/g, 'any');
    return [{ functionArn, sourceArn: arnAt(place, 'execute-api', `${ApiId}/$default/${method}${route}`) }];
  });
}
