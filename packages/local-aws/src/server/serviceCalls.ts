import { z } from 'zod';
import { queueKeyPermissions } from '../iam/neededPermissions.ts';
import { arnAt, type Call, type NeededPermission, type PermissionContext } from '../iam/permissions.ts';
import type { Deployment } from '../template/Deployment.ts';
import { routeSource } from '../template/readDeployment.ts';
import { arnName, type ResolvedTemplate, resourcesOfType } from '../template/resolveTemplate.ts';

/**
 * Calls that AWS's services make because of a deployment's configuration, without an external call: they assume roles,
 * poll queues, write logs and invoke functions. What rules and schedules send is decided when they do.
 */
export function serviceCalls(
  deployment: Pick<Deployment, 'functions' | 'eventSourceMappings'>,
  resolved: ResolvedTemplate,
  place: PermissionContext,
): Call[] {
  const roleOf = new Map(deployment.functions.map(({ name, role }) => [name, role]));
  const accountContext = { 'aws:SourceAccount': place.account };
  return [
    ...roleTrusts(resolved, place).map(({ service, role, context }) =>
      callOf(service, 'sts', 'AssumeRole', [{ action: 'sts:AssumeRole', resource: role, context }]),
    ),
    // CloudWatch checks both actions against a group's ARN that includes the stream.
    ...deployment.functions.flatMap(({ name, role }) => {
      const stream = arnAt(place, 'logs', `log-group:/aws/lambda/${name}:log-stream:local`);
      return ['CreateLogStream', 'PutLogEvents'].map((action) =>
        callOf(role, 'logs', action, [plain(`logs:${action}`, stream)]),
      );
    }),
    // Lambda polls a queue as the role of its function: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    ...deployment.eventSourceMappings.flatMap(({ queueArn, functionName }) =>
      ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'].map((action) =>
        // A mapping may name a function that the template does not have: nobody polls its queue.
        callOf(roleOf.get(functionName) ?? '', 'sqs', action, [
          plain(`sqs:${action}`, queueArn),
          ...queueKeyPermissions(action, arnName(queueArn), place),
        ]),
      ),
    ),
    ...apiFunctions(resolved, place).map(({ functionArn, sourceArn }) =>
      callOf('apigateway.amazonaws.com', 'lambda', 'Invoke', [
        {
          action: 'lambda:InvokeFunction',
          resource: functionArn,
          context: { ...accountContext, 'aws:SourceArn': sourceArn },
        },
      ]),
    ),
  ];
}

/** A permission that needs no condition key. */
function plain(action: string, resource: string): NeededPermission {
  return { action, resource, context: {} };
}

/** A call that a service makes as a principal. */
function callOf(
  principal: string,
  service: string,
  operation: string,
  permissions: readonly NeededPermission[],
): Call {
  return { principal, service, operation, permissions };
}

// Contains only the members that state who calls whom. The services that create the resources check the others.
const integrationSchema = z.object({ IntegrationType: z.string(), IntegrationUri: z.string() });
/** The properties of a route that tell which function it invokes. */
const routeSchema = z.object({ ApiId: z.string(), RouteKey: z.string(), Target: z.string() });

/** A function that an HTTP API invokes for a route. */
interface RouteFunction {
  /** ARN of the function. */
  readonly functionArn: string;
  /** `aws:SourceArn` of the invocation. `*` in it matches any part of a path. */
  readonly sourceArn: string;
}

/** Functions that an HTTP API invokes, for each route. */
function apiFunctions(resolved: ResolvedTemplate, place: PermissionContext): RouteFunction[] {
  const integrations = resourcesOfType(resolved, 'AWS::ApiGatewayV2::Integration');
  return resourcesOfType(resolved, 'AWS::ApiGatewayV2::Route').flatMap(({ properties }) => {
    const { ApiId, RouteKey, Target } = routeSchema.parse(properties);
    const integration = integrations.find(({ physicalId }) => Target === `integrations/${physicalId}`);
    if (integration === undefined) return [];
    const { IntegrationType, IntegrationUri: functionArn } = integrationSchema.parse(integration.properties);
    if (IntegrationType !== 'AWS_PROXY') return [];
    return [{ functionArn, sourceArn: arnAt(place, 'execute-api', `${ApiId}/${routeSource(RouteKey)}`) }];
  });
}

// Contains only the members that state who calls whom. The services that create the resources check the others.
const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());
/** A statement of a role's trust policy, as far as it names services. Not every statement is about a service. */
const trustSchema = z.object({
  Effect: z.string(),
  Principal: z.object({ Service: oneOrMore.default([]) }).catch({ Service: [] }),
});
/** The properties of a role that tell who may take it. A single statement need not be in a list. */
const roleSchema = z.object({
  AssumeRolePolicyDocument: z.object({
    Statement: z.preprocess((value) => [value].flat(), z.array(trustSchema)),
  }),
});

/** Services that a role of the template allows to assume it, with the condition keys that each of them sends. */
function roleTrusts(resolved: ResolvedTemplate, place: PermissionContext) {
  return resourcesOfType(resolved, 'AWS::IAM::Role').flatMap(({ arn: role = '', properties }) => {
    const trusts = roleSchema.parse(properties).AssumeRolePolicyDocument.Statement;
    const services = trusts.flatMap(({ Effect, Principal }) => (Effect === 'Allow' ? Principal.Service : []));
    return services.map((service) => ({
      service,
      role,
      context: trustContext(service, role, resolved, place),
    }));
  });
}

/**
 * The condition keys with which a service assumes a role.
 *
 * Lambda sends nothing about itself: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html.
 * Firehose sends the account as the external ID: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html.
 * Scheduler sends the schedule's group:
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
function trustContext(
  service: string,
  role: string,
  resolved: ResolvedTemplate,
  place: PermissionContext,
): Record<string, string> {
  const account = { 'aws:SourceAccount': place.account };
  if (service === 'scheduler.amazonaws.com')
    return { ...account, 'aws:SourceArn': arnAt(place, 'scheduler', 'schedule-group/default') };
  if (service !== 'firehose.amazonaws.com') return {};
  const stream = [...streamRoles(resolved).values()].find((candidate) => candidate.role === role);
  return {
    ...account,
    'sts:ExternalId': place.account,
    ...(stream?.arn === undefined ? {} : { 'aws:SourceArn': stream.arn }),
  };
}

// Contains only the members that state who calls whom. The services that create the resources check the others.
const streamSchema = z.object({
  ExtendedS3DestinationConfiguration: z.object({
    RoleARN: z.string(),
  }),
});

/** Who a delivery stream is, to IAM. */
export interface StreamRole {
  /** ARN of the stream. */
  readonly arn: string | undefined;
  /** ARN of the role with which Firehose delivers. */
  readonly role: string;
}

/** The role of each delivery stream of a template, by the stream's name. */
export function streamRoles(resolved: ResolvedTemplate): ReadonlyMap<string, StreamRole> {
  return new Map(
    resourcesOfType(resolved, 'AWS::KinesisFirehose::DeliveryStream').map(
      ({ physicalId, arn, properties }) => {
        const { RoleARN: role } = streamSchema.parse(properties).ExtendedS3DestinationConfiguration;
        return [physicalId, { arn, role }] as const;
      },
    ),
  );
}
