import { requestLimits } from '../lib/config/requestLimits.ts';
import type { Value } from './template/Resource.ts';
import { logicalIds, type Stack } from './template/Stack.ts';

/** Properties that resources get besides those that Serverless gives them. */
export interface Extension {
  readonly Properties: { readonly [name: string]: Value };
}

/**
 * What Serverless makes and can't be told in serverless.yml. A property given here replaces Serverless's own as a
 * whole. https://www.serverless.com/framework/docs/providers/aws/guide/resources#override-aws-cloudformation-resource
 */
export function extensions(stack: Stack): Readonly<Record<string, Extension>> {
  const { requestsPerSecond, burst } = requestLimits(stack.config);
  return {
    [logicalIds.httpApiStage]: {
      Properties: {
        DefaultRouteSettings: {
          DetailedMetricsEnabled: false,
          ThrottlingRateLimit: requestsPerSecond,
          ThrottlingBurstLimit: burst,
        },
      },
    },
  };
}
