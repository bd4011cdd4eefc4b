import { EXTRA_WAIT_MS, PACKED_EVENTS } from '../../cli/probe/limits.ts';
import {
  bodyQuestions,
  gatewayQuestions,
  landingQuestions,
  type Question,
  serviceQuestions,
} from '../../cli/probe/questions.ts';
import { samples } from '../../cli/probe/samples.ts';
import { WRITTEN_WITHIN_SECONDS } from '../../infra/streams/streams.ts';
import { asReference } from './asReference.ts';

const WAIT_SECONDS = WRITTEN_WITHIN_SECONDS + EXTRA_WAIT_MS / 1_000;

/** docs/aws.md, in whole: how a deployment is asked. */
export function awsPage(): string {
  return `# Ask AWS: the probe

<!-- Made by \`npm run docs\` from cli/probe and scripts/docs: edit those. -->

\`\`\`sh
K=client-probe-$(openssl rand -hex 16)                                   # a key for the probe only
printf %s "$K" | npx sluice keys add probe --stage prod --kinds events   # collectors know it within half a minute
SLUICE_PROBE_KEY="$K" npx sluice probe --stage prod
npx sluice keys remove probe --stage prod
\`\`\`

Sluice has not run on AWS yet. Where AWS documents a behaviour, Sluice is built to the documentation. \`sluice probe\` tests a deployment for the rest. [Every question](reference/probe.md) has the expectation, its source and how certain it is, and what to do if AWS behaves differently. [first-deployment.md](first-deployment.md) walks through a first run.

The probe sends ${samples.length} marked events, one in each way of SDKs and proxies, ${PACKED_EVENTS} in one request, and four bodies around the size limits (27 MiB in all). It follows each event to its row in Athena, writes an object under conditions, and asks CloudWatch for metrics. Then it prints a table: \`as expected\`, or \`OTHERWISE\` with the result, the expected result and what to change. It takes two to five minutes with the defaults, and costs less than a cent. \`npx sluice probe --local\` asks the local cloud the same questions in seconds.

| option | what it does | default |
|---|---|---|
| \`--key\` | the SDK key to send with; preferably set \`SLUICE_PROBE_KEY\`, because a shell keeps a history of commands | any key for the local cloud |
| \`--url\` | one address, for example on your own domain: the probe reports whether everything arrives there unchanged | the stack's \`CollectorUrl\`; with \`kind: 'both'\` that is the Function URL: ask \`GatewayUrl\`, too |
| \`--wait\` | seconds to wait for rows | \`buffering.seconds\` + ${WAIT_SECONDS} |
| \`--keep\` | keeps rows and query results | off |
| \`--stage\`, \`--region\`, \`--endpoint-url\`, \`--local\` | which deployment | as [sluice doctor](doctor.md) |
| \`--json\` | one object: \`{"run","collector","gateway","answers":[{"code","verdict","asks","expected","found","cure"}],"cleanUp"}\`; \`verdict\` is \`expected\`, \`otherwise\` or \`unanswered\` | off |

Exit codes: 0 everything is as expected, 1 the probe could not start, 2 wrong usage, 3 something differs.

\`npx sluice policy print --for probe --stage prod --account 111122223333\` prints the permissions that the probe needs. If one is missing, its question stays unanswered.

## What it leaves behind

- **Rows.** Rows of events have the \`environment\` \`sluice-probe\`, so no view shows them, and names that begin with \`sluice-probe:\` and the run. The probe deletes a file if all of its rows are a probe's. If other rows are in the same file, the probe's rows stay, because files are never rewritten, and the probe prints how many. On a stage without other senders, nothing remains. If a run was interrupted, the next run on the same day deletes its rows.
- **Results of its queries** are deleted. The bucket's lifecycle removes the versions of deleted objects after one day.
- **Alarms.** Its one 401 and two 413 count in \`api-4xx\`, and a body that the gateway destroys turns on \`mangled\`, which is the purpose of that alarm.
- **Refused bodies.** A body that the collector refuses with another 4xx becomes a row of \`quarantine\`.

## What only a first deployment tells

The probe cannot run before the stack exists. \`npx sluice doctor --before-deploy\` checks everything that can be checked before ([doctor.md](doctor.md#before-the-first-deployment)). [The rest](reference/probe.md#what-only-a-first-deployment-tells) shows as a \`CREATE_FAILED\`: [deploy.md](deploy.md#steps-and-what-can-fail) has each message with its cure.
`;
}

/** docs/reference/probe.md, in whole: each question with what is expected. */
export function probePage(): string {
  return asReference(`# What only AWS can answer

<!-- Made by \`npm run docs\` from cli/probe and scripts/docs: edit those. -->

Behaviour that AWS leaves open, and that \`sluice probe\` asks a deployment ([aws.md](aws.md)). Certainty is \`documented\` (AWS documents it), \`measured\` (others observed it on AWS and published it), \`likely\` (it follows from observations elsewhere) or \`open\` (no source).

## Bodies

${table(bodyQuestions)}

## The gateway's answers

${table(gatewayQuestions)}

## Rows

${table(landingQuestions)}

## Services

${table(serviceQuestions)}

## What only a first deployment tells

| behavior | Sluice relies on | source | certainty | if AWS behaves differently |
|---|---|---|---|---|
${firstDeployment.map(({ asks, reliesOn, witness, certainty, cure }) => `| ${asks} | ${reliesOn} | ${witness} | ${certainty} | ${cure} |`).join('\n')}
`);
}

/** One row for each question. */
function table(questions: Readonly<Record<string, Omit<Question, 'code'>>>): string {
  const rows = Object.entries(questions).map(
    ([code, { asks, reliesOn, witness, certainty, cure }]) =>
      `| \`${code}\`<br>${asks} | ${reliesOn} | ${witness} | ${certainty} | ${cure} |`,
  );
  return [
    '| question | Sluice relies on | source | certainty | if AWS behaves differently |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Questions to answer before there is a stack to probe. Markdown, for docs/reference/probe.md. */
const firstDeployment: readonly Omit<Question, 'code'>[] = [
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
