import { z } from 'zod';
import type { ResolvedTemplate } from '../template/resolveTemplate.ts';
import { ofType } from './ofType.ts';

// Only the members that say who calls whom; the services that build the resources check all of them.
const streamSchema = z.object({
  ExtendedS3DestinationConfiguration: z.object({
    RoleARN: z.string(),
    CloudWatchLoggingOptions: z.object({ LogGroupName: z.string(), LogStreamName: z.string() }).optional(),
  }),
});

/** What a delivery stream acts as, where it logs, and its ARN, by the stream's name. */
export function streamRoles(resolved: ResolvedTemplate) {
  return new Map(
    ofType(resolved, 'AWS::KinesisFirehose::DeliveryStream').map(({ physicalId, arn, properties }) => {
      const { RoleARN, CloudWatchLoggingOptions } =
        streamSchema.parse(properties).ExtendedS3DestinationConfiguration;
      return [physicalId, { arn, role: RoleARN, log: CloudWatchLoggingOptions }] as const;
    }),
  );
}
