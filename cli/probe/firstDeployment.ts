import type { Question } from './Question.ts';

/** What no probe can ask, as it decides whether there is a stack to probe. Markdown, for docs/aws.md. */
export const firstDeployment: readonly Omit<Question, 'code' | 'asked'>[] = [
  {
    asks: 'Whether KMS creates the key for a caller without `kms:PutKeyPolicy`',
    reliesOn:
      "`BypassPolicyLockoutSafetyCheck: true` skips KMS's check that the caller could change the key's policy",
    witness:
      '[CreateKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html); the refusal without it was seen ([innovation-sandbox-on-aws #117](https://github.com/aws-solutions/innovation-sandbox-on-aws/issues/117))',
    certainty: 'documented',
    cure: '`DataKey` fails with `The new key policy will not allow you to update the key policy in the future`: an organization forbids the bypass (CT.KMS.PV.3). Create a key and name it in `existing.keyArn`.',
  },
  {
    asks: 'Whether the stage of the HTTP API can be created with tags',
    reliesOn:
      '`apigateway:TagResource` on `/apis/*`, which `npx sluice policy print --for deploy` prints and no service reference lists',
    witness:
      "the registry's schema of AWS::ApiGatewayV2::Stage; the refusal without it was seen ([amplify-cli #12316](https://github.com/aws-amplify/amplify-cli/issues/12316))",
    certainty: 'likely',
    cure: '`HttpApiStage` fails with `not authorized to perform: apigateway:TagResource on resource: <ARN>`: add the ARN that it names to the statement `HttpApi`.',
  },
  {
    asks: 'Whether Firehose finds a role that was created seconds before',
    reliesOn: "CloudFormation's order, and a second deployment where IAM was slow",
    witness:
      'a stream is refused now and then right after its role is created ([terraform-provider-aws #47937](https://github.com/hashicorp/terraform-provider-aws/issues/47937))',
    certainty: 'likely',
    cure: 'A stream fails with `The security token included in the request is invalid`: deploy again.',
  },
  {
    asks: 'Whether Firehose may assume its role under the condition `sts:ExternalId`',
    reliesOn: "Firehose sends the account's ID as the external ID when the stream is created, too",
    witness:
      '[Firehose](https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role) documents the condition; a public stack with format conversion uses it ([dynamodb-s3-replication](https://github.com/cloudspeak/dynamodb-s3-replication))',
    certainty: 'documented',
    cure: 'Every stream fails with `Firehose is unable to assume role`, also the third time: take the condition out of infra/roles/deliveryRoles.ts.',
  },
  {
    asks: 'Whether the region has every feature that the stack uses, not only every service',
    reliesOn:
      'AWS has announced arm64 for the regions that lib/schema/regions.ts marks; in the others packaging demands `x86_64`',
    witness:
      '[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html): arm64 is in most regions',
    certainty: 'likely',
    cure: "`CollectLambdaFunction` fails over its architecture: set `architecture: 'x86_64'`.",
  },
];
