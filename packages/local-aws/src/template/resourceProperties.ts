import { z } from 'zod';
import { isRouteKey } from '../gateway/HttpApi.ts';
import { bucketSettingsMembers } from '../s3/model/bucketSettings.ts';

// All schemas are strict: a property that the local cloud would have to implement and doesn't is refused by name.

/**
 * The value of a property that has no observable effect in the local cloud. Any value is accepted. A template must have the
 * property, because AWS requires it or because it has an effect there; of `inert.optional()` it may lack the property.
 */
const inert = z.unknown();

/** Properties of `AWS::S3::Bucket`. */
export const bucketProperties = z.strictObject({
  BucketName: z.string().optional(),
  NotificationConfiguration: z
    .strictObject({ EventBridgeConfiguration: z.strictObject({ EventBridgeEnabled: z.boolean() }) })
    .optional(),
  ...bucketSettingsMembers,
  Tags: inert.optional(),
});

/** Properties of `AWS::S3::BucketPolicy`. */
export const bucketPolicyProperties = z.strictObject({
  Bucket: z.string(),
  PolicyDocument: z.record(z.string(), z.unknown()),
});

/** Properties of `AWS::Glue::Database`. */
export const databaseProperties = z.strictObject({
  CatalogId: inert,
  DatabaseInput: z.record(z.string(), z.unknown()),
});

/** Properties of `AWS::Glue::Table`. */
export const tableProperties = z.strictObject({
  CatalogId: inert,
  DatabaseName: z.string(),
  TableInput: z.record(z.string(), z.unknown()),
});

/** The most bytes of the variables of a function: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const VARIABLES_BYTES = 4_096;

/**
 * Variables of a function. Lambda measures them as JSON:
 * https://github.com/github-aws-runners/terraform-aws-github-runner/issues/3594
 */
const environmentVariables = z
  .record(z.string(), z.string())
  .refine(
    (variables) => Buffer.byteLength(JSON.stringify(variables)) <= VARIABLES_BYTES,
    `at most ${VARIABLES_BYTES} bytes as JSON`,
  );

/** Properties of `AWS::Lambda::Function`. */
export const functionProperties = z.strictObject({
  FunctionName: z.string(),
  Description: z.string().optional(),
  Handler: z.string().regex(/^[\w./-]+\.\w+$/, 'a module and an export: build/collect/handler.handler'),
  /** Functions run on the same Node as the local cloud. */
  Runtime: z.literal('nodejs24.x'),
  Role: z.string(),
  /** MB, with Lambda's default and quotas: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
  MemorySize: z.int().min(128).max(10_240).default(128),
  /** Seconds, with the default and limits of https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html */
  Timeout: z.int().min(1).max(900).default(3),
  // A function uses this machine's own disk.
  EphemeralStorage: inert.optional(),
  Environment: z.strictObject({ Variables: environmentVariables }).optional(),
  Architectures: inert.optional(),
  // The local Lambda runs few invocations of a function in parallel, and the others wait where AWS would start more.
  ReservedConcurrentExecutions: z.int().min(0).optional(),
  // Of Lambda's own lines, only reports of failures are written here, if the format is JSON.
  LoggingConfig: z
    .strictObject({ LogFormat: z.enum(['JSON', 'Text']).default('Text'), SystemLogLevel: inert.optional() })
    .default({ LogFormat: 'Text' }),
  RecursiveLoop: z.enum(['Allow', 'Terminate']).default('Terminate'),
  Code: inert,
  Tags: inert.optional(),
});

/** CORS of an HTTP API or a Function URL; of the latter, `urlProperties` overrides what has narrower limits. */
const corsMembers = {
  AllowOrigins: z.array(z.string()).default([]),
  AllowMethods: z.array(z.string()).default([]),
  AllowHeaders: z.array(z.string()).default([]),
  ExposeHeaders: z.array(z.string()).default([]),
  /** Seconds: https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html */
  MaxAge: z.int().min(-1).max(86_400).optional(),
};

/** Properties of `AWS::Lambda::Url`. */
export const urlProperties = z.strictObject({
  TargetFunctionArn: z.string(),
  /** Requests with signatures are not emulated. */
  AuthType: z.literal('NONE'),
  InvokeMode: z.literal('BUFFERED').default('BUFFERED'),
  Cors: z
    .strictObject({
      ...corsMembers,
      // Limits of a Function URL alone: https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html
      AllowMethods: z.array(z.string().max(6)).max(6).default([]),
      MaxAge: z.int().min(0).max(86_400).optional(),
      AllowCredentials: z.literal(false).optional(),
    })
    .optional(),
});

/**
 * Properties of `AWS::Lambda::EventSourceMapping` of a standard queue, with AWS's defaults and limits:
 * https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
 */
export const mappingProperties = z
  .strictObject({
    EventSourceArn: z.string().regex(/^arn:[^:]+:sqs:/, 'the ARN of an SQS queue'),
    FunctionName: z.string(),
    BatchSize: z.int().min(1).max(10_000).default(10),
    MaximumBatchingWindowInSeconds: z.int().min(0).max(300).default(0),
    Enabled: z.boolean().default(true),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    ScalingConfig: z.strictObject({ MaximumConcurrency: z.int().min(2).max(1_000) }).optional(),
  })
  .refine(({ BatchSize, MaximumBatchingWindowInSeconds: window }) => BatchSize <= 10 || window >= 1, {
    path: ['BatchSize'],
    message: 'at most 10 without MaximumBatchingWindowInSeconds',
  });

/** Properties of `AWS::Scheduler::Schedule`. */
export const scheduleProperties = z.strictObject({
  Name: z.string().optional(),
  Description: z.string().optional(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.literal('UTC').default('UTC'),
  FlexibleTimeWindow: z.strictObject({ Mode: z.literal('OFF') }),
  Target: z.strictObject({
    Arn: z.string().regex(/^arn:[^:]+:(lambda|sqs):/, 'the ARN of a function or of a queue'),
    RoleArn: z.string(),
    Input: z.string().default('{}'),
    // Without effect: a call is asynchronous, so that it fails only for a target that is not there.
    RetryPolicy: inert.optional(),
    DeadLetterConfig: z.strictObject({ Arn: z.string() }).optional(),
  }),
});

/** Properties of `AWS::ApiGatewayV2::Api`. */
export const apiProperties = z.strictObject({
  Name: z.string(),
  ProtocolType: z.literal('HTTP'),
  CorsConfiguration: z.strictObject(corsMembers).optional(),
  Tags: inert.optional(),
});

/** Properties of `AWS::ApiGatewayV2::Stage`. */
export const stageProperties = z.strictObject({
  ApiId: z.string(),
  /** The stage adds no prefix to the paths of routes. */
  StageName: z.literal('$default'),
  AutoDeploy: z.literal(true),
  // The local gateway keeps no log of requests.
  AccessLogSettings: inert.optional(),
  DefaultRouteSettings: z
    .strictObject({
      DetailedMetricsEnabled: inert.optional(),
      // A laptop is slower than any limit. Throttling can be simulated as a fault: docs/faults.md.
      ThrottlingRateLimit: inert.optional(),
      ThrottlingBurstLimit: inert.optional(),
    })
    .optional(),
  Tags: inert.optional(),
});

/**
 * Milliseconds. API Gateway's default is also the maximum:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-integration.html
 */
const integrationTimeout = z.int().min(50).max(30_000).default(30_000);

/** Properties of `AWS::ApiGatewayV2::Integration`. */
export const integrationProperties = z.discriminatedUnion('IntegrationType', [
  z.strictObject({
    ApiId: z.string(),
    IntegrationType: z.literal('AWS_PROXY'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0'),
    TimeoutInMillis: integrationTimeout,
  }),
  z.strictObject({
    ApiId: z.string(),
    IntegrationType: z.literal('HTTP_PROXY'),
    IntegrationUri: z.url({ protocol: /^https?$/ }),
    IntegrationMethod: z.string(),
    PayloadFormatVersion: z.literal('1.0'),
    /** A mapping may set the path of the request, and nothing else of it. */
    RequestParameters: z.strictObject({ 'overwrite:path': z.string() }).optional(),
    TimeoutInMillis: integrationTimeout,
  }),
]);

/** Properties of `AWS::ApiGatewayV2::Route`. */
export const routeProperties = z.strictObject({
  ApiId: z.string(),
  RouteKey: z
    .string()
    .refine(
      isRouteKey,
      '$default, or a method and a path whose last segment alone may be greedy: GET /pets/{proxy+}',
    ),
  Target: z.string().startsWith('integrations/'),
});
