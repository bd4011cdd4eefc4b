import { z } from 'zod';
import { arnAt, type Place } from '../iam/Place.ts';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { ofType } from './ofType.ts';
import { streamRoles } from './streamRoles.ts';

// Only the members that say who calls whom; the services that build the resources check all of them.
const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((one) => [one].flat());
const roleSchema = z.object({
  AssumeRolePolicyDocument: z.object({
    Statement: z.array(z.object({ Principal: z.object({ Service: oneOrMore.default([]) }) })),
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
  const stream = [...streamRoles(resolved).values()].find((one) => one.role === role);
  return {
    ...account,
    'sts:ExternalId': place.account,
    ...(stream?.arn === undefined ? {} : { 'aws:SourceArn': stream.arn }),
  };
}
