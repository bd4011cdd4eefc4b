import { cloudFormationService } from '../../packages/local-aws/src/cloudformation/index.ts';
import type { AwsService } from '../../packages/local-aws/src/protocol/index.ts';

/** CloudFormation's name for the stream of the landing in {@link landingStack}. */
export const LANDING_STREAM = 'sluice-prod-LandingStream-4mZ1QWl8Gd2K';

/** CloudFormation with the stack `sluice-prod`, whose only output is the name of the landing's stream. */
export function landingStack(): AwsService {
  const stack = {
    name: 'sluice-prod',
    region: 'us-east-1',
    account: '000000000000',
    partition: 'aws',
    createdMs: 0,
    resources: [
      {
        logicalId: 'LandingStream',
        physicalId: LANDING_STREAM,
        type: 'AWS::KinesisFirehose::DeliveryStream',
      },
    ],
    outputs: { LandingStreamName: LANDING_STREAM },
  };
  return cloudFormationService({ stack: () => stack });
}
