import {
  bodyQuestions,
  gatewayQuestions,
  landingQuestions,
  type Question,
  serviceQuestions,
} from '../../cli/probe/questions.ts';
import { asReference } from './asReference.ts';

/** docs/reference/probe.md, in whole: each question with what is expected. */
export function probePage(): string {
  const all = { ...bodyQuestions, ...gatewayQuestions, ...landingQuestions, ...serviceQuestions };
  return asReference(`# What only AWS can answer

<!-- Made by \`npm run docs\` from cli/probe and scripts/docs: edit those. -->

Behaviour that AWS leaves open, and that \`sluice probe\` asks a deployment ([aws.md](aws.md)).

| question | Sluice relies on | if AWS behaves differently |
|---|---|---|
${Object.entries(all)
  .map(([code, { asks, expects, cure }]) => `| \`${code}\`<br>${asks} | ${expects} | ${cure} |`)
  .join('\n')}

## What only a first deployment tells

| behavior | Sluice relies on | if AWS behaves differently |
|---|---|---|
${firstDeployment.map(({ asks, expects, cure }) => `| ${asks} | ${expects} | ${cure} |`).join('\n')}

## Sources

- Bodies: [measured by others](https://github.com/ministackorg/ministack/issues/766) (text for \`text/*\` and \`application/json\`, base64 otherwise), and [an HTTP API](https://github.com/projecthorus/sondehub-infra) that has accepted gzip since 2021. Nothing found is about zstd.
- CORS: [HTTP APIs](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html). Bodies over a limit: [seen with a REST API](https://github.com/koki-develop/lgtm-generator/issues/10), 413 without CORS headers.
- Firehose: [records are joined without a delimiter](https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html), [buffering](https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html).
- Views: Athena's own format is not documented; [others create such views](https://github.com/aws/aws-cdk/pull/13721).
- [Conditional writes](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html), [metrics of functions](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html), [of schedules](https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html).
`);
}

/** What the probe cannot ask: before there is a stack, or without breaking it. */
const firstDeployment: readonly Question[] = [
  {
    asks: 'Whether KMS creates the key for a caller without `kms:PutKeyPolicy`',
    expects:
      "`BypassPolicyLockoutSafetyCheck: true` skips [KMS's check](https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html)",
    cure: '`DataKey` fails with `The new key policy will not allow you to update the key policy in the future`: an organization forbids the bypass (CT.KMS.PV.3). Create a key and name it in `existing.keyArn`.',
  },
  {
    asks: 'Whether the stage of the HTTP API can be created with tags',
    expects:
      '`apigateway:TagResource` on `/apis/*`, which `npx sluice policy print --for deploy` prints ([seen](https://github.com/aws-amplify/amplify-cli/issues/12316))',
    cure: '`HttpApiStage` fails with `not authorized to perform: apigateway:TagResource on resource: <ARN>`: add the ARN that it names to the statement `HttpApi`.',
  },
  {
    asks: 'Whether Firehose finds a role that was created seconds before',
    expects: "CloudFormation's order, and a second deployment where IAM was slow",
    cure: 'A stream fails with `The security token included in the request is invalid`: deploy again.',
  },
  {
    asks: 'Whether Firehose may assume its role under the condition `sts:ExternalId`',
    expects:
      "[Firehose](https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role) sends the account's ID as the external ID when the stream is created, too",
    cure: 'Every stream fails with `Firehose is unable to assume role`, also the third time: take the condition out of infra/roles/deliveryRoles.ts.',
  },
  {
    asks: 'Whether the region has every feature that the stack uses',
    expects:
      'arm64 in the regions that lib/schema/regions.ts marks; in the others packaging demands `x86_64`',
    cure: "`CollectLambdaFunction` fails over its architecture: set `architecture: 'x86_64'`.",
  },
  {
    asks: 'Whether Firehose reports `DeliveryToS3.DataFreshness` while nothing is delivered at all',
    expects:
      'nothing: the alarm `…-stream-blocked` compares what comes in with what is delivered, because freshness may be missing then',
    cure: 'To find out on a trial stage, deny `s3:PutObject` to the role of the stream for half an hour. If freshness is reported, `…-stream-late` goes off as well.',
  },
];
