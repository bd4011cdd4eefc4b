import { EXTRA_WAIT_MS, MAX_BURST, PACKED_EVENTS } from '../../cli/probe/limits.ts';
import {
  athenaQuestions,
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

The probe sends ${samples.length} marked events, one in each way of SDKs and proxies, ${PACKED_EVENTS} in one request, and four bodies around the size limits (27 MiB in all). It follows each event to its row in Athena, puts an object into \`landing/\`, has a day of a source of your own loaded again, and asks CloudWatch for metrics. Then it prints a table: \`as expected\`, or \`OTHERWISE\` with the result, the expected result and what to change. It takes two to five minutes with the defaults, and costs less than a cent. \`npx sluice probe --local\` asks the local cloud the same questions in seconds.

| option | what it does | default |
|---|---|---|
| \`--key\` | the SDK key to send with; preferably set \`SLUICE_PROBE_KEY\`, because a shell keeps a history of commands | any key for the local cloud |
| \`--url\` | one address, for example on your own domain: the probe reports whether everything arrives there unchanged | the stack's; with \`kind: 'both'\` it asks both, and answers name them |
| \`--burst N\` | sends N requests without events at once, ${MAX_BURST.toLocaleString('en')} at most, to see the answers above a limit | off |
| \`--slow\` | sends the slowest body that the collector accepts | off |
| \`--wait\` | seconds to wait for rows | \`buffering.seconds\` + ${WAIT_SECONDS} |
| \`--keep\` | keeps rows and query results | off |
| \`--stage\`, \`--region\`, \`--endpoint-url\`, \`--local\` | which deployment | as [sluice doctor](doctor.md) |
| \`--json\` | one object: \`{"run","collector","gateway","answers":[{"code","verdict","asks","expected","found","cure"}],"cleanUp"}\`; \`verdict\` is \`expected\`, \`otherwise\` or \`unanswered\` | off |

Exit codes: 0 everything is as expected, 1 the probe could not start, 2 wrong usage, 3 something differs.

\`npx sluice policy print --for probe --stage prod --account 111122223333\` prints the permissions that the probe needs. If one is missing, its question stays unanswered.

## What it leaves behind

- **Rows.** Rows of events have the \`environment\` \`sluice-probe\`, so no view shows them, and names that begin with \`sluice-probe:\` and the run. A row of \`quarantine\` has the event of the probe that does not fit its table. The probe deletes a file if all of its rows are a probe's. If other rows are in the same file, the probe's rows stay, because files are never rewritten, and the probe prints how many. On a stage without other senders, nothing remains. If a run was interrupted, the next run on the same day deletes its rows.
- **An object of \`landing/\`**: the writer makes files of it. The probe deletes it if it is left when the wait is over.
- **A day of a source in your own account** is loaded again, with the same rows. The hourly sweep deletes the replaced version one day later.
- **Results of its queries** are deleted. The bucket's lifecycle removes the versions of deleted objects after one day.
- **Alarms.** Its one 401 and two 413, and with \`--url\` one 404, count in \`api-4xx\`, and a body that the gateway destroys turns on \`mangled\`, which is the purpose of that alarm.
- **Refused bodies.** A body that the collector refuses with another 4xx becomes a row of \`quarantine\`.

## A source of your own

Only a load of a file shows whether DuckDB starts in \`ingest-load\`. The probe loads a day of a source whose \`owner\` is the deployment's account, and never of a customer's source. If you have no such source, configure one, deploy, drop one small file, and run the probe after the file is loaded:

\`\`\`ts
sources: [
  { name: 'own', bucket: 'acme-own-drops', owner: '111122223333', datasets: [{ name: 'events', kind: 'events' }] },
],
\`\`\`

\`\`\`sh
duckdb -c "COPY (SELECT now() AS timestamp, 'seen' AS event_name, 'u1' AS unit_id) TO 'a.parquet'"
aws s3 cp a.parquet s3://acme-own-drops/events/$(date -u +%F)/a.parquet
npx sluice ingest run --source own --stage prod   # loads it as soon as it has settled, ten minutes later
\`\`\`

## Limits on purpose

\`--burst\` sends as many requests as the limits of a stage in use accept, and delays other senders on that stage; \`--slow\` shows the longest time that a request can take. To see the answers above the limits, deploy a separate stage with low limits, run the probe on it, and remove it:

| to see | in its configuration | then |
|---|---|---|
| 429 of the stage | \`endpoint: { requestsPerSecond: 50, burst: 50 }\` | \`--burst 500\` |
| the collector's 503, and Lambda throttled | \`keyLimit: { requestsPerSecond: 5, burst: 50 }\`, \`collector: { reservedConcurrency: 2 }\` | \`--burst 2000\` |
| the gateway's timeout | \`memorySize: 128\` and \`timeout: 1\` of \`collect\` in serverless.yml; ignore the other answers in this case | \`--slow\` |

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

## Loads by Athena

A load by Athena ([large-days.md](large-days.md)) is tried with a source of your own. Give its dataset \`engine: 'athena'\`, deploy, drop two files of some rows, one of which has a row without a time, and run \`npx sluice ingest run --source own --stage prod\`. Then \`npx sluice ingest explain --source own --dataset events --day …\` names each file with its rows, the refused row, the statements and the bytes that they scanned, and the log of \`ingest-load\` the times of its steps.

${table(athenaQuestions)}

## Services

${table(serviceQuestions)}

## What only a first deployment tells

| behavior | Sluice relies on | source | certainty | if AWS behaves differently |
|---|---|---|---|---|
${firstDeployment.map(({ asks, reliesOn, witness, certainty, cure }) => `| ${asks} | ${reliesOn} | ${witness} | ${certainty} | ${cure} |`).join('\n')}
`);
}

/** One row for each question, with the condition under which the probe asks it. */
function table(questions: Readonly<Record<string, Omit<Question, 'code'>>>): string {
  const rows = Object.entries(questions).map(
    ([code, { asks, reliesOn, witness, certainty, cure, asked }]) =>
      `| \`${code}\`<br>${asks}${asked === 'always' ? '' : ` (${asked === 'by hand' ? 'not asked by the probe' : `\`${asked}\``})`} | ${reliesOn} | ${witness} | ${certainty} | ${cure} |`,
  );
  return [
    '| question | Sluice relies on | source | certainty | if AWS behaves differently |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Questions to answer before there is a stack to probe. Markdown, for docs/reference/probe.md. */
const firstDeployment: readonly Omit<Question, 'code' | 'asked'>[] = [
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
