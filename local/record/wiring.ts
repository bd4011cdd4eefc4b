import { z } from 'zod';
import type { Config } from '../../lib/config/configSchema.ts';
import type { ResolvedResource, ResolvedTemplate } from '../template/resolveTemplate.ts';
import { arnAt, type Place } from './Place.ts';

// Only the members that say who calls whom; the services that build the resources check all of them.
const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());
const roleSchema = z.object({
  AssumeRolePolicyDocument: z.object({
    Statement: z.array(z.object({ Principal: z.object({ Service: oneOrMore.default([]) }) })),
  }),
});
const deadLetters = z.object({ Arn: z.string() }).optional();
const ruleSchema = z.object({
  Targets: z.array(z.object({ Arn: z.string(), DeadLetterConfig: deadLetters })).default([]),
});
const scheduleSchema = z.object({
  Target: z.object({ Arn: z.string(), RoleArn: z.string(), DeadLetterConfig: deadLetters }),
});
const integrationSchema = z.object({ ApiId: z.string(), IntegrationUri: z.string() });
const routeSchema = z.object({ ApiId: z.string(), RouteKey: z.string(), Target: z.string() });
const encryptionSchema = z.object({
  BucketEncryption: z
    .object({
      ServerSideEncryptionConfiguration: z.array(
        z.object({
          ServerSideEncryptionByDefault: z.object({ KMSMasterKeyID: z.string().optional() }),
        }),
      ),
    })
    .optional(),
});
const streamSchema = z.object({
  ExtendedS3DestinationConfiguration: z.object({
    RoleARN: z.string(),
    CloudWatchLoggingOptions: z.object({ LogGroupName: z.string(), LogStreamName: z.string() }).optional(),
  }),
});

/** Services that assume a role of the template, with what each tells of itself. */
export function roleTrusts(resolved: ResolvedTemplate, place: Place) {
  return ofType(resolved, 'AWS::IAM::Role').flatMap(({ arn: role = '', properties }) => {
    const services = roleSchema
      .parse(properties)
      .AssumeRolePolicyDocument.Statement.flatMap(({ Principal }) => Principal.Service);
    return services.map((service) => ({
      service,
      role,
      context: trustContext(service, role, resolved, place),
    }));
  });
}

/**
 * Lambda tells nothing of itself: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html.
 * Firehose tells the account as the external ID: https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html.
 * Scheduler tells the schedule's group:
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
 */
function trustContext(
  service: string,
  role: string,
  resolved: ResolvedTemplate,
  place: Place,
): Record<string, string> {
  const account = { 'aws:SourceAccount': place.account };
  if (service === 'scheduler.amazonaws.com')
    return { ...account, 'aws:SourceArn': arnAt(place, 'scheduler', 'schedule-group/default') };
  if (service !== 'firehose.amazonaws.com') return {};
  const stream = ofType(resolved, 'AWS::KinesisFirehose::DeliveryStream').find(
    ({ properties }) => streamSchema.parse(properties).ExtendedS3DestinationConfiguration.RoleARN === role,
  );
  return {
    ...account,
    'sts:ExternalId': place.account,
    ...(stream?.arn === undefined ? {} : { 'aws:SourceArn': stream.arn }),
  };
}

/** Where rules send, dead letters included. */
export function ruleTargets(resolved: ResolvedTemplate) {
  return ofType(resolved, 'AWS::Events::Rule').flatMap(({ arn: ruleArn = '', properties }) =>
    ruleSchema
      .parse(properties)
      .Targets.flatMap(({ Arn, DeadLetterConfig }) => [Arn, DeadLetterConfig?.Arn ?? []].flat())
      .map((targetArn) => ({ ruleArn, targetArn })),
  );
}

/** Where schedules send, dead letters included, and by which role. */
export function scheduleTargets(resolved: ResolvedTemplate) {
  return ofType(resolved, 'AWS::Scheduler::Schedule').flatMap(({ properties }) => {
    const { Arn, RoleArn: role, DeadLetterConfig } = scheduleSchema.parse(properties).Target;
    return [Arn, DeadLetterConfig?.Arn ?? []].flat().map((targetArn) => ({ role, targetArn }));
  });
}

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

/**
 * ARN of the key that each bucket encrypts with by default, by the bucket's name. One that is brought has the key that
 * is brought with it, else the stack's own.
 */
export function bucketKeys(
  resolved: ResolvedTemplate,
  place: Omit<Place, 'bucketKey'>,
  { bucket, existing }: Pick<Config, 'bucket' | 'existing'>,
): Map<string, string> {
  const keys = new Map<string, string>();
  const brought = existing.keyArn ?? ofType(resolved, 'AWS::KMS::Key')[0]?.arn;
  if (existing.bucket && brought !== undefined) keys.set(bucket, brought);
  for (const { physicalId, properties } of ofType(resolved, 'AWS::S3::Bucket')) {
    const [rule] =
      encryptionSchema.parse(properties).BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const key = rule?.ServerSideEncryptionByDefault.KMSMasterKeyID;
    if (key === undefined) continue;
    const { partition, region, account } = place;
    keys.set(
      physicalId,
      key.startsWith('arn:') ? key : `arn:${partition}:kms:${region}:${account}:key/${key}`,
    );
  }
  return keys;
}

/** What a delivery stream acts as and where it logs, by the stream's name. */
export function streamRoles(resolved: ResolvedTemplate) {
  return new Map(
    ofType(resolved, 'AWS::KinesisFirehose::DeliveryStream').map(({ physicalId, properties }) => {
      const { RoleARN, CloudWatchLoggingOptions } =
        streamSchema.parse(properties).ExtendedS3DestinationConfiguration;
      return [physicalId, { role: RoleARN, log: CloudWatchLoggingOptions }] as const;
    }),
  );
}

function ofType(resolved: ResolvedTemplate, type: string): ResolvedResource[] {
  return resolved.resources.filter((resource) => resource.type === type);
}
