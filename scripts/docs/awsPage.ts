import {
  DELIVERY_FACTOR,
  DELIVERY_MARGIN_MS,
  EXTRA_WAIT_MS,
  MAX_BURST,
  PACKED_EVENTS,
} from '../../cli/probe/limits.ts';
import {
  bodyQuestions,
  gatewayQuestions,
  landingQuestions,
  type Question,
  serviceQuestions,
} from '../../cli/probe/questions.ts';
import { samples } from '../../cli/probe/samples.ts';

const WAIT_SECONDS = (DELIVERY_MARGIN_MS + EXTRA_WAIT_MS) / 1_000;

/** The complete text of docs/aws.md. */
export function awsPage(): string {
  return `# What only AWS can answer

<!-- Made by \`npm run docs\` from cli/probe and scripts/docs: edit those. -->

Sluice has not run on AWS yet. It is built as AWS documents its services. This page lists what AWS leaves open: what Sluice relies on, the evidence, how certain it is, and what to do if AWS behaves differently. Certainty is \`documented\` (AWS documents it), \`measured\` (others published that they observed it on AWS), \`likely\` (it follows from other observations) or \`open\` (there is no source). \`sluice probe\` tests a deployment:

\`\`\`sh
K=client-probe-$(openssl rand -hex 16)                                   # a temporary key for the probe
printf %s "$K" | npx sluice keys add probe --stage prod --kinds events   # collectors accept it within half a minute
SLUICE_PROBE_KEY="$K" npx sluice probe --stage prod
npx sluice keys remove probe --stage prod
\`\`\`

It sends ${samples.length} marked events, each in a different encoding of SDKs and proxies, ${PACKED_EVENTS} events in one request, and four bodies around the size limits (27 MiB in all). It follows each event to its row in Athena, writes an object under \`overflow/\` and one under \`errors/\` for redrive, requests that a day of one of your own sources is loaded again, and queries metrics from CloudWatch. It prints a table: \`as expected\`, or \`OTHERWISE\` with what was found, what was expected and what to change. That takes as long as Firehose buffers, five to eight minutes with the defaults, and costs less than a cent. \`npx sluice probe --local\` tests the local cloud in seconds.

| option | what it does | default |
|---|---|---|
| \`--key\` | the SDK key to send with; \`SLUICE_PROBE_KEY\` is better, because the shell keeps a history | locally any |
| \`--url\` | the collector's URL, for example of your own domain: the probe sends everything there and reports whether it arrives unchanged | the stack's \`CollectorUrl\` |
| \`--burst N\` | sends N requests without events at once, at most ${MAX_BURST.toLocaleString('en')}, to test what happens above a limit | off |
| \`--slow\` | sends the slowest body that is accepted | off |
| \`--wait\` | seconds to wait for rows | ${DELIVERY_FACTOR} × \`buffering.seconds\` + ${WAIT_SECONDS} |
| \`--keep\` | keeps rows and query results | off |
| \`--stage\`, \`--region\`, \`--endpoint-url\`, \`--local\` | which deployment | as for [sluice doctor](doctor.md) |
| \`--json\` | one object: \`{"run","collector","answers":[{"code","verdict","asks","expected","found","cure"}],"cleanUp"}\`; \`verdict\` is \`expected\`, \`otherwise\` or \`unanswered\` | off |

Exit codes: 0 everything is as expected, 1 the probe could not start, 2 wrong use, 3 something is not as expected.

\`npx sluice policy print --for probe --stage prod --account 111122223333\` prints the permissions that it needs: to find the collector (not with \`--url\`), run queries, write under \`query-results/\`, \`overflow/events/\` and \`errors/events/\`, delete there and under the folders of events and quarantine, read metrics, and with \`sources\` or \`exports\` to use the functions' \`RecursiveLoop\`, the ledger and the queue of \`ingest-plan\`. A question whose permission is missing stays unanswered. The permissions to deploy include only some of these.

## What it leaves behind

- **Rows.** Rows of events have the \`environment\` \`sluice-probe\`, so no view shows them, and names that begin with \`sluice-probe:\` and the run. A row of \`quarantine\` has the key of the probe's object under \`errors/\` as its \`path\`. The probe deletes files that hold only its own rows. In a file with other rows they remain, because files are never rewritten; the probe prints how many. On a stage without other senders, nothing remains. A later run on the same day deletes what an interrupted run has left.
- **Objects under \`overflow/events/\` and \`errors/events/\`**, one each: redrive processes them. The probe deletes what redrive has not processed in time.
- **A day of a source in your own account** is loaded again, with the same rows. The hourly sweep deletes the replaced version a day later.
- **Results of its queries** are deleted. The bucket's lifecycle removes the versions of deleted objects after a day.
- **Alarms.** Its one 401 and two 413, and with \`--url\` one 404, count in \`api-4xx\`, and a body that the gateway corrupts triggers \`mangled\`, as intended.
- A body that the collector refuses with another 4xx is a row of \`quarantine\`.

## A source of your own

Only a load shows whether DuckDB starts in \`ingest-load\`. The probe requests one for a source whose \`owner\` is the deployment's account, never for a customer's. If you have no such source, configure one for the purpose, deploy, upload one small file, and run the probe after it is loaded:

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

## Testing the limits

On a stage in use, \`--burst\` slows down other senders, and the limits may be too high to reach; \`--slow\` shows the longest time of a request. To see what happens above the limits, deploy a separate stage with low limits, probe it, and remove it:

| to test | configuration | then |
|---|---|---|
| 429 of the stage | \`endpoint: { requestsPerSecond: 50, burst: 50 }\` | \`--burst 500\` |
| 503 of the collector, and throttling by Lambda | \`keyLimit: { requestsPerSecond: 5, burst: 50 }\`, \`collector: { reservedConcurrency: 2 }\` | \`--burst 2000\` |
| the gateway's timeout | \`memorySize: 128\` and \`timeout: 1\` of \`collect\` in serverless.yml; the other answers are then meaningless | \`--slow\` |

## What only a first deployment tells

The probe needs a deployed stack. \`npx sluice doctor --before-deploy\` checks what can be checked before ([doctor.md](doctor.md#before-the-first-deployment)), but not these:

| behavior | Sluice relies on | evidence | certainty | if AWS behaves differently |
|---|---|---|---|---|
${firstDeployment.map(({ asks, reliesOn, witness, certainty, cure }) => `| ${asks} | ${reliesOn} | ${witness} | ${certainty} | ${cure} |`).join('\n')}

## Other emulators

\`npm run test:aws\` compares every decision in the tests of Sluice's policies with [iam-simulate](https://github.com/cloud-copilot/iam-simulate), lints the packaged templates with cfn-lint and deploys two of them into moto. It installs all three itself, under \`.sluice/\`. moto's CloudFormation does not support 15 of the resource types, including Firehose. They are created through moto's APIs, so a skipped type says nothing about the template (\`test/aws/forMoto.ts\` lists them).

On 2026-11-20, \`serverless deploy\` was run manually against [floci](https://github.com/floci-io/floci) 1.7.0 (commit a2389e7), built from source. With Maven Central alone it builds only with Quarkus 3.34.3 instead of 3.37.4, and without its Glue Schema Registry and Kubernetes executor, because Central does not have every artifact that it pins. Sluice uses neither.

| what | result | meaning for Sluice |
|---|---|---|
| first deployment of four configurations (defaults, all readers, customers' buckets, every option: 76 to 129 resources) and removal of one | completed | dependencies, references, outputs and Serverless's own steps fit together |
| functions with code, memory, timeout and reserved concurrency; HTTP API with CORS, routes and integration; event rules with targets; queues with dead letters; alarms; roles; key and alias; secret; log groups; streams | created, and read back with the same values | floci accepts these properties |
| Athena workgroups, Glue databases and tables, schedules, log streams | floci's CloudFormation has no such type and reports \`CREATE_COMPLETE\` with an invented ID; floci's own APIs accept all of them | their properties are accepted, their CloudFormation types are not tested |
| metric filters, dashboard | floci has neither, and reports \`CREATE_COMPLETE\` | nothing |
| encryption, versioning, lifecycle, public access block and policy of the bucket; policy and rotation of the key; policies and retention of queues; Firehose's Parquet conversion and partitioning; the stage's limits; batching and concurrency of event sources; alarms' missing data | read back as floci's defaults: the properties are ignored silently | nothing |
| second deployment | fails: floci creates the secret a second time (\`already exists\`) | nothing: CloudFormation updates a secret that has the same name |
| deployment bucket that Serverless creates | floci gives it another name at each change set, and its code is missing there; a bucket named in \`provider.deploymentBucket\` works | nothing |
| running the functions | not tried: floci starts them in Docker | nothing |

No failure was caused by Sluice. A success in floci means less than one in moto, which rejects what it does not support.

## Bodies

${table(bodyQuestions)}

## The gateway's answers

${table(gatewayQuestions)}

## Rows

${table(landingQuestions)}

## Services

${table(serviceQuestions)}
`;
}

/** One row for each question, with the option for those that are not always asked. */
function table(questions: Readonly<Record<string, Omit<Question, 'code'>>>): string {
  const rows = Object.entries(questions).map(
    ([code, { asks, reliesOn, witness, certainty, cure, asked }]) =>
      `| \`${code}\`<br>${asks}${asked === 'always' ? '' : ` (${asked === 'by hand' ? 'not asked by the probe' : `\`${asked}\``})`} | ${reliesOn} | ${witness} | ${certainty} | ${cure} |`,
  );
  return [
    '| question | Sluice relies on | evidence | certainty | if AWS behaves differently |',
    '|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

/** Questions that decide whether the stack can be deployed at all, so no probe can ask them. Markdown, for docs/aws.md. */
const firstDeployment: readonly Omit<Question, 'code' | 'asked'>[] = [
  {
    asks: 'Whether KMS creates the key for a caller without `kms:PutKeyPolicy`',
    reliesOn:
      '`BypassPolicyLockoutSafetyCheck: true` skips the check of KMS that the caller can change the key policy',
    witness:
      '[CreateKey](https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html); the error without it was observed ([innovation-sandbox-on-aws #117](https://github.com/aws-solutions/innovation-sandbox-on-aws/issues/117))',
    certainty: 'documented',
    cure: '`DataKey` fails with `The new key policy will not allow you to update the key policy in the future`: the organization forbids the bypass (CT.KMS.PV.3). Create a key and set it in `existing.keyArn`.',
  },
  {
    asks: 'Whether the stage of the HTTP API can be created with tags',
    reliesOn:
      '`apigateway:TagResource` on `/apis/*`, which `npx sluice policy print --for deploy` prints and no service reference lists',
    witness:
      "the registry's schema of AWS::ApiGatewayV2::Stage; the error without it was observed ([amplify-cli #12316](https://github.com/aws-amplify/amplify-cli/issues/12316))",
    certainty: 'likely',
    cure: '`HttpApiStage` fails with `not authorized to perform: apigateway:TagResource on resource: <ARN>`: add the ARN of the message to the statement `HttpApi`.',
  },
  {
    asks: 'Whether Firehose finds a role that was created seconds before',
    reliesOn: "CloudFormation's order, and a second deployment if IAM was slow",
    witness:
      'creating a stream immediately after its role sometimes fails ([terraform-provider-aws #47937](https://github.com/hashicorp/terraform-provider-aws/issues/47937))',
    certainty: 'likely',
    cure: 'A stream fails with `The security token included in the request is invalid`: deploy again.',
  },
  {
    asks: 'Whether Firehose may assume its role under the condition `sts:ExternalId`',
    reliesOn: "Firehose also sends the account's ID as the external ID when the stream is created",
    witness:
      '[Firehose](https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role) documents the condition; a public stack with format conversion uses it ([dynamodb-s3-replication](https://github.com/cloudspeak/dynamodb-s3-replication))',
    certainty: 'documented',
    cure: 'Every stream fails with `Firehose is unable to assume role`, also on the third attempt: remove the condition from infra/roles/deliveryRoles.ts.',
  },
  {
    asks: 'Whether the region has every feature that the stack uses, not only every service',
    reliesOn:
      'AWS has announced arm64 for the regions that lib/schema/regions.ts marks; in other regions, packaging requires `x86_64`',
    witness:
      '[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html): arm64 is in most regions',
    certainty: 'likely',
    cure: "`CollectLambdaFunction` fails because of its architecture: set `architecture: 'x86_64'`.",
  },
];
