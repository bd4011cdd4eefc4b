import { z } from 'zod';

/** The HTTP API that the template describes, as far as the gateway acts on it. */
export interface HttpApi {
  readonly apiId: string;
  readonly routes: readonly Route[];
  /** When set, the gateway alone answers preflights and sets CORS headers, and drops the function's own. */
  readonly cors: Cors | undefined;
}

/** `POST /{proxy+}`, `ANY /x/{id}` or `$default`, and the function behind it. */
export interface Route {
  readonly routeKey: string;
  readonly functionName: string;
  readonly timeoutMs: number;
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-apigatewayv2-api-cors.html */
export interface Cors {
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAgeSeconds: number | undefined;
}

/** What a function returns in payload format 2.0 when it chooses its own status. */
export const functionResponseSchema = z.object({
  statusCode: z.coerce.number().int().min(100).max(599),
  headers: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  cookies: z.array(z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});
