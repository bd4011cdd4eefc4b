import type { ErrorCode } from '../../lib/base/errors.ts';

/**
 * How a question is answered: by every probe, by one that is allowed a burst of requests or a slow one or is given
 * another address, or not by the probe at all.
 */
export type Asking = 'always' | '--burst' | '--slow' | '--url' | 'by hand';

/**
 * How sure we are. `documented`: AWS says so. `measured`: others saw it on AWS, in public. `likely`: it follows from what
 * was seen elsewhere. `open`: nobody says.
 */
export type Certainty = 'documented' | 'measured' | 'likely' | 'open';

/** Something that only AWS can answer: `docs/aws.md` is made of these. Markdown. */
export interface Question {
  readonly code: ErrorCode;
  readonly asks: string;
  /** What the product takes for granted. */
  readonly reliesOn: string;
  /** Who says so: a page of AWS's, somebody's measurement, a source. */
  readonly witness: string;
  readonly certainty: Certainty;
  /** What to do if it is otherwise. */
  readonly cure: string;
  readonly asked: Asking;
}

/** When `isBase64Encoded` is true, AWS doesn't say. */
const BY_TYPE = {
  certainty: 'measured',
  witness:
    "[measured by others](https://github.com/ministackorg/ministack/issues/766): text for `text/*` and `application/json`, `xml`, `javascript`, base64 for all else; the [payload format](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html) doesn't say",
} as const;
/** A public HTTP API that has taken such bodies since 2021, and the event it recorded. */
const SONDEHUB =
  '[SondeHub](https://github.com/projecthorus/sondehub-infra) runs an HTTP API with payload 2.0; the event that its `ham_put_api` recorded has `content-type: application/json`, `content-encoding: gzip` and `isBase64Encoded: true`';
const GZIP = { witness: SONDEHUB, certainty: 'measured' } as const;
const ENCODED = {
  witness: `as gzip: ${SONDEHUB}. AWS says the same of [load balancers](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html) for any \`Content-Encoding\`, and of HTTP APIs nothing`,
  certainty: 'likely',
} as const;

const whole = (
  asks: string,
  { witness, certainty }: Pick<Question, 'witness' | 'certainty'>,
  cure: string,
  reliesOn = '202, and one row with every character of what was sent',
) =>
  ({ asks, reliesOn, witness, certainty, cure, asked: 'always' }) as const satisfies Omit<Question, 'code'>;

const PLAIN_CURE = 'No SDK works without it: open an issue with the line that the probe printed.';
/** What a destroyed body comes to: it is never taken for a good one. */
const MANGLED =
  'A 503 `SLUICE_COLLECT_BODY_MANGLED` means that the gateway took it for text: the SDK keeps its events and sends them again, in vain.';

/** Whether bodies arrive whole, in each way in which SDKs send them. */
export const bodyQuestions = {
  SLUICE_PROBE_PLAIN_JSON: whole('Plain JSON as `application/json`: server SDKs', BY_TYPE, PLAIN_CURE),
  SLUICE_PROBE_PLAIN_TEXT: whole(
    'Plain JSON as `text/plain;charset=UTF-8`, key in the query: js-client',
    BY_TYPE,
    PLAIN_CURE,
  ),
  SLUICE_PROBE_PLAIN_UNTYPED: whole('Plain JSON without a content type', BY_TYPE, PLAIN_CURE),
  SLUICE_PROBE_BEACON: whole(
    "A browser's beacon: `text/plain`, no header but `Origin`, key in the query, `/v1/log_event_beacon`",
    BY_TYPE,
    PLAIN_CURE,
  ),
  SLUICE_PROBE_STATSIG_ENCODED: whole(
    "Statsig's own encoding, `se=1`: reversed base64 of Latin-1 as text",
    BY_TYPE,
    'js-client: set `disableStatsigEncoding: true`.',
  ),
  SLUICE_PROBE_GZIP_JSON: whole(
    'gzip with `Content-Encoding: gzip`, as `application/json`: server SDKs',
    GZIP,
    `${MANGLED} Server SDKs can't be told to send plain: put a proxy between that decompresses.`,
  ),
  SLUICE_PROBE_GZIP_UNTYPED: whole(
    'gzip with `gz=1` in the query and neither `Content-Encoding` nor `Content-Type`: js-client, compressing',
    BY_TYPE,
    `${MANGLED} js-client: \`logEventCompressionMode: LogEventCompressionMode.Disabled\`.`,
  ),
  SLUICE_PROBE_GZIP_UNMARKED: whole(
    'gzip as `application/json` and nothing that says so, as behind a proxy that drops `Content-Encoding`',
    { witness: 'nobody: no SDK sends it so', certainty: 'open' },
    'A 4xx is a loss, for SDKs drop the batch: let the proxy pass `Content-Encoding` on, or decompress.',
    '202 and one whole row, or 503 `SLUICE_COLLECT_BODY_MANGLED`: what is destroyed is recognised, and not dropped',
  ),
  SLUICE_PROBE_ZSTD_JSON: whole(
    'zstd with `Content-Encoding: zstd`, as `application/json`: Server Core for Node and Elixir',
    ENCODED,
    `${MANGLED} Server Core has no option for plain: put a proxy between that decompresses zstd.`,
  ),
  SLUICE_PROBE_BROTLI_JSON: whole(
    'brotli with `Content-Encoding: br`, as `application/json`: no SDK, but proxies',
    ENCODED,
    `${MANGLED} Let the proxy send plain bodies.`,
  ),
  SLUICE_PROBE_DEFLATE_JSON: whole(
    'deflate with `Content-Encoding: deflate`, as `application/json`: no SDK, but proxies',
    ENCODED,
    `${MANGLED} Let the proxy send plain bodies.`,
  ),
} as const;

const CORS =
  "[CORS of HTTP APIs](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html): the gateway answers preflights, and its headers replace the integration's; of its own errors it says nothing";
const QUOTAS =
  '[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html): 6 MB a request, [HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html): 10 MB';
const TOO_LARGE = `${QUOTAS}; the answer was seen with a REST API: 413, by Lambda as JSON, by the gateway as text, without CORS headers ([lgtm-generator #10](https://github.com/koki-develop/lgtm-generator/issues/10))`;
const NO_CORS =
  'Without CORS headers a browser tells its SDK of a broken connection instead of the status: js-client then keeps the batch and sends it again';

/** What the gateway answers by itself, and around our answers. */
export const gatewayQuestions = {
  SLUICE_PROBE_PREFLIGHT: {
    asks: 'The preflight of a browser',
    reliesOn:
      '2xx with `Access-Control-Allow-Origin: *`, `POST` among the methods, and every header of the SDKs allowed',
    witness: CORS,
    certainty: 'documented',
    cure: 'Without it no browser sends anything but beacons. Compare `httpApi.cors` in serverless.yml with what is deployed.',
    asked: 'always',
  },
  SLUICE_PROBE_CORS_ACCEPTED: {
    asks: 'A 202 to a browser',
    reliesOn: '`{"success":true}` as JSON, with `Access-Control-Allow-Origin: *`, once',
    witness: CORS,
    certainty: 'documented',
    cure: "js-client can't read an answer without it and sends the batch again: rows come twice, with one `event_id`. Twice the header is as bad as none: something in front adds it, too.",
    asked: 'always',
  },
  SLUICE_PROBE_CORS_REFUSED: {
    asks: 'A 401 to a browser',
    reliesOn: 'our JSON with its code, and `Access-Control-Allow-Origin: *`',
    witness: CORS,
    certainty: 'documented',
    cure: `${NO_CORS}, in vain: look to the keys of apps (\`refused_requests\`, docs/metrics.md).`,
    asked: 'always',
  },
  SLUICE_PROBE_TEXT_UNDER_LIMIT: {
    asks: 'A text of 64 KiB less than 6 MiB',
    reliesOn: '202, and its row',
    witness: QUOTAS,
    certainty: 'documented',
    cure: 'The gateway takes less than Lambda would: lower the batch size of SDKs (docs/sdks.md) below what it takes.',
    asked: 'always',
  },
  SLUICE_PROBE_BINARY_UNDER_LIMIT: {
    asks: 'A compressed body of 4.4 MiB, 5.9 MiB as base64',
    reliesOn: '202, and its row',
    witness: QUOTAS,
    certainty: 'documented',
    cure: 'The gateway takes less than Lambda would: lower the batch size of SDKs (docs/sdks.md) below what it takes.',
    asked: 'always',
  },
  SLUICE_PROBE_OVER_LAMBDA_LIMIT: {
    asks: 'A text of 6.5 MiB: beyond Lambda, not beyond the gateway',
    reliesOn: '413 with CORS headers, so that an SDK drops one batch and not all that come after it; no row',
    witness: TOO_LARGE,
    certainty: 'likely',
    cure: `A 5xx is sent again and again. ${NO_CORS}. Either way: lower the batch size of SDKs (docs/sdks.md), so that none comes near 6 MB.`,
    asked: 'always',
  },
  SLUICE_PROBE_OVER_GATEWAY_LIMIT: {
    asks: 'A text of 10 MiB and 64 KiB: beyond the gateway',
    reliesOn: '413 with CORS headers; no row',
    witness: TOO_LARGE,
    certainty: 'likely',
    cure: `A 5xx is sent again and again. ${NO_CORS}. Either way: lower the batch size of SDKs (docs/sdks.md).`,
    asked: 'always',
  },
  SLUICE_PROBE_STAGE_LIMIT: {
    asks: "Requests beyond the stage's limit",
    reliesOn:
      '429 of the gateway, which SDKs drop: a far ceiling, no means against load (docs/deploy.md, "Overload")',
    witness:
      '[Throttling](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html): 429',
    certainty: 'documented',
    cure: `${NO_CORS}. Raise \`endpoint\` and the account's quota before load comes near it; the alarm \`stage-limit\` is on at half of it.`,
    asked: '--burst',
  },
  SLUICE_PROBE_KEY_LIMIT: {
    asks: "Requests beyond a key's limit (`keyLimit`)",
    reliesOn: '503 `SLUICE_KEY_OVER_LIMIT` with CORS headers: SDKs send again',
    witness: 'ours, see SLUICE_PROBE_CORS_REFUSED',
    certainty: 'documented',
    cure: `${NO_CORS}, which is as good here.`,
    asked: '--burst',
  },
  SLUICE_PROBE_LAMBDA_THROTTLED: {
    asks: 'Requests beyond the concurrency of the collector or the account',
    reliesOn: '5xx of the gateway, never 429: SDKs send again',
    witness:
      'REST APIs make 500 of it ([re:Post](https://repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ/api-gateway-proxy-integration-does-not-forward-lambda-throttling-http-429-to-client-needs-product-support)); of HTTP APIs AWS says nothing',
    certainty: 'likely',
    cure: 'A 429 would be dropped: leave `collector.reservedConcurrency` unset, and raise the quota of the account.',
    asked: '--burst',
  },
  SLUICE_PROBE_SLOW_REQUEST: {
    asks: 'The slowest body that is taken: 100,000 events, 30 MB inflated',
    reliesOn:
      '202 or 503 of ours within 3 s and with CORS headers: the legacy Go SDK waits no longer (it is answered sooner than others; a cold start comes on top)',
    witness:
      '`ANSWER_WITHIN_MS` of functions/collect/handler.ts; a laptop is no witness of a Lambda with 1 GB',
    certainty: 'open',
    cure: 'Give the collector more memory (`memorySize` in serverless.yml): its processor grows with it.',
    asked: '--slow',
  },
  SLUICE_PROBE_GATEWAY_TIMEOUT: {
    asks: "A collector that doesn't answer in its time, or dies",
    reliesOn: '5xx of the gateway, `{"message":"…"}`: SDKs send again',
    witness:
      '[HTTP API with Lambda](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html): 500 "Internal Server Error"; 503 after a timeout was seen by others ([serverless #11222](https://github.com/serverless/serverless/issues/11222))',
    certainty: 'documented',
    cure: `A 4xx would be dropped: give the collector more memory, so that it never comes to that. ${NO_CORS}, which is as good here.`,
    asked: '--slow',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;

/** What Firehose, S3, Glue and Athena make of what was taken. */
export const landingQuestions = {
  SLUICE_PROBE_DELIVERED: {
    asks: 'Whether anything lands: Firehose may assume its roles, write, read the table and use the key; the partition gets registered; Athena reads it',
    reliesOn:
      "at least one row of this run, though the roles' trust has no condition but `sts:ExternalId`, the account's ID",
    witness:
      '[Firehose](https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role) documents that condition and no other',
    certainty: 'documented',
    cure: '`npx sluice doctor` says what is missing; Firehose says it in `/aws/kinesisfirehose/sluice-<stage>-events`.',
    asked: 'always',
  },
  SLUICE_PROBE_DELIVERY_TIME: {
    asks: 'How long it takes from the answer to the row',
    reliesOn: '1.5 times `buffering.seconds` at most, and a minute for the partition and the query',
    witness:
      '[Dynamic partitioning](https://github.com/awsdocs/amazon-kinesis-data-firehose-developer-guide/blob/master/doc_source/dynamic-partitioning.md): up to 1.5 times the buffer interval',
    certainty: 'documented',
    cure: 'Nothing is lost by it. The alarms `…-late` compare with the same bound: give them more room.',
    asked: 'always',
  },
  SLUICE_PROBE_PACKED_RECORDS: {
    asks: 'Whether Firehose takes packed records apart: 600 events of one request, 500 in the first record',
    reliesOn:
      '600 rows with 600 different `event_id`s: `RecordDeAggregation` splits JSON documents that follow one another, and each is converted by itself',
    witness:
      '[Multi-record deaggregation](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html): 500 a record, `{"a":1}{"a":2}` is right; an emulator whose authors probed conversion without it refuses such records ([floci #3235](https://github.com/floci-io/floci/issues/3235))',
    certainty: 'likely',
    cure: '**Rows are lost in conversion**: they lie under `errors/` and come into `quarantine`. Set `MAX_DOCUMENTS_PER_RECORD` of lib/schema/deliveryLimits.ts to 1, deploy, then `npx sluice redrive --reason SLUICE_FIREHOSE_MALFORMED_JSON`. Each record is billed as 5 KB.',
    asked: 'always',
  },
  SLUICE_PROBE_DAY: {
    asks: "Whether rows land under the day of their own time: Firehose's jq and the registered partition",
    reliesOn: '`ds` is the UTC day of `timestamp`',
    witness:
      '[Dynamic partitioning](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html) with `JQ-1.6`',
    certainty: 'documented',
    cure: 'Look at the keys under the folder of the table: a partition whose location is not its own day was made by hand.',
    asked: 'always',
  },
  SLUICE_PROBE_TIMESTAMP_TYPE: {
    asks: 'Which Parquet type Firehose writes for a Glue `timestamp`',
    reliesOn:
      'INT96 or INT64 with a timestamp in any unit: Athena reads each, and so does our own code. The local cloud writes INT64 microseconds',
    witness:
      "nobody: Firehose's serializer is Hive's, and Hive writes INT96 ([parquet-java #2505](https://github.com/apache/parquet-java/issues/2505))",
    certainty: 'likely',
    cure: 'Another type is no time to its readers: declare the column as what it is (lib/tables/sharedColumns.ts) and cast it in the views.',
    asked: 'always',
  },
  SLUICE_PROBE_TIMESTAMP_VALUE: {
    asks: 'What Athena reads of it',
    reliesOn: 'the time that was sent, UTC, to the millisecond',
    witness:
      '[Engine version 3](https://github.com/awsdocs/amazon-athena-user-guide/blob/master/doc_source/engine-versions-reference-0003.md): `timestamp(3)`; [what Firehose parses](https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html)',
    certainty: 'documented',
    cure: 'A shift by hours is a time zone, a missing fraction a format: change lib/base/time.ts to another form that OpenX parses (epoch milliseconds).',
    asked: 'always',
  },
  SLUICE_PROBE_VIEWS: {
    asks: 'Whether Athena takes the views as the stack makes them in Glue',
    reliesOn: 'a query of each is accepted and gives its columns',
    witness:
      "nobody but Athena's own: `/* Presto View: … */` is what it writes itself, undocumented; others make such views with CloudFormation ([aws-cdk #13721](https://github.com/aws/aws-cdk/pull/13721))",
    certainty: 'likely',
    cure: "Drop the view in Athena and create it there with the SQL of lib/views: Glue's version is then Athena's. `missing SerDe info` means that CloudFormation left the empty `SerdeInfo` out ([seen with Terraform](https://github.com/hashicorp/terraform-provider-aws/issues/28517)).",
    asked: 'always',
  },
  SLUICE_PROBE_ERROR_OBJECTS: {
    asks: 'How Firehose names the members of a line under `errors/`',
    reliesOn: '`errorCode`, `ErrorCode` or `lastErrorCode`, and the same of the message: redrive takes each',
    witness:
      '[documented](https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html) as `ErrorCode`; [floci #3235](https://github.com/floci-io/floci/issues/3235) saw `lastErrorCode`',
    certainty: 'measured',
    cure: 'Rows of `quarantine` with `SLUICE_FIREHOSE_LINE_UNREADABLE` tell: add the name to lib/landing/redrive/failedRecords.ts.',
    asked: 'by hand',
  },
  SLUICE_PROBE_STREAM_QUOTA: {
    asks: "A stream's intake outside us-east-1, us-west-2 and eu-west-1",
    reliesOn: '1 MiB and 1,000 calls a second; what is beyond goes to `overflow/` and lands later',
    witness:
      '[Quotas](https://docs.aws.amazon.com/firehose/latest/dev/limits.html), which name the three regions and cut the others short',
    certainty: 'documented',
    cure: 'Raise it (Service Quotas, Firehose) when the alarm `overflow` is on.',
    asked: 'by hand',
  },
  SLUICE_PROBE_LAKE_FORMATION: {
    asks: 'An account under Lake Formation',
    reliesOn: 'the grants of docs/deploy.md, "Lake Formation"',
    witness:
      '[its reference](https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html)',
    certainty: 'documented',
    cure: '`npx sluice doctor` and the message `Insufficient Lake Formation permission(s)` name the table: grant what it asks for.',
    asked: 'by hand',
  },
  SLUICE_PROBE_READERS: {
    asks: 'Whether Statsig, OWOX and Metabase connect with what docs/readers.md gives them',
    reliesOn: 'their documents, statement by statement, and a simulation of what their clients call',
    witness: 'docs/readers.md',
    certainty: 'documented',
    cure: "`AccessDenied` in CloudTrail names the action: add it to the reader's statements (lib/access).",
    asked: 'by hand',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;

/** What S3, Lambda and CloudWatch do for the functions. */
export const serviceQuestions = {
  SLUICE_PROBE_CONDITIONAL_WRITES: {
    asks: 'Whether conditional writes hold for objects that are encrypted with a KMS key',
    reliesOn:
      '`If-None-Match: *` creates an object once, and `If-Match` with its ETag replaces it once: 412 otherwise. Claims, turns and the ledger rest on it',
    witness:
      '[S3](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); of ETags it says only that they are no MD5 under a KMS key',
    certainty: 'documented',
    cure: '**Two functions may work on one day at once.** Open an issue with the line that the probe printed; until then remove `sources` and `exports` from the configuration.',
    asked: 'always',
  },
  SLUICE_PROBE_RECURSIVE_LOOP: {
    asks: 'Whether Lambda lets `ingest-plan` and `export` go on by messages to their own queues',
    reliesOn:
      '`RecursiveLoop` of both functions is `Allow`; Lambda stops a chain after 16 invocations otherwise',
    witness:
      '[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html); the same pattern was stopped for others ([boto3 #3899](https://github.com/boto/boto3/issues/3899))',
    certainty: 'documented',
    cure: 'A drop that settles for longer waits for the next run, and `ingest-plan-dead-letters` rings. `aws lambda put-function-recursion-config --function-name sluice-<stage>-ingest-plan --recursive-loop Allow`, the same with `export`, or deploy again.',
    asked: 'always',
  },
  SLUICE_PROBE_REDRIVE: {
    asks: 'Whether an object under `overflow/` or `errors/` comes to its row: S3 tells EventBridge, EventBridge the queue, the queue `redrive`',
    reliesOn:
      'a row of events and one of quarantine, as soon as Firehose delivers; where an event is lost, the schedule takes the object after 15 minutes',
    witness:
      '[S3 with EventBridge](https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html), [EventBridge with SQS](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html)',
    certainty: 'documented',
    cure: 'Nothing is lost while it waits. `npx sluice doctor` looks at the queues; the log of `redrive` says why, by code (docs/redrive.md).',
    asked: 'always',
  },
  SLUICE_PROBE_METRICS: {
    asks: 'Whether metrics arrive: those that functions print as EMF, and those that filters count in logs',
    reliesOn:
      '`requests` of the namespace `Sluice` counts what the probe sent; in the last 20 minutes `ObjectsParked-<stage>` has a datapoint, which a metric filter makes of the run for stragglers, and `InvocationAttemptCount` of `AWS/Scheduler` is above 0',
    witness:
      '[EMF](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html); functions print it as text lines; [Scheduler](https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html)',
    certainty: 'documented',
    cure: '**Alarms would stay silent.** A stack of less than ten minutes may have no run for stragglers yet: probe again. Else look at the dashboard: panels without data name what is missing (docs/metrics.md).',
    asked: 'always',
  },
  SLUICE_PROBE_LOAD_ENGINE: {
    asks: "Whether DuckDB's binding starts in the function `ingest-load`",
    reliesOn:
      'the binding of the configured architecture fits glibc and `/tmp` of the runtime: the smallest recent day of a source in the own account, at most 64 MiB, is loaded again',
    witness: 'the binding needs GLIBC 2.25, and Amazon Linux 2023 has 2.34',
    certainty: 'likely',
    cure: 'The log of `ingest-load` names what could not be loaded. Try the other `architecture`.',
    asked: 'always',
  },
  SLUICE_PROBE_CUSTOM_DOMAIN: {
    asks: "Whether a domain of your own passes bodies on as the stack's does",
    reliesOn:
      'the same answers about bodies and of the gateway, and paths as they were sent: `/v1/initialize` is refused with `SLUICE_PATH_RESERVED`',
    witness:
      '[HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html)',
    certainty: 'documented',
    cure: 'Probe without `--url`, and compare: what differs comes from what is in front, as a proxy or CloudFront. Where paths differ, map the API to the domain without a path (docs/deploy.md).',
    asked: '--url',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;

/** The open questions by code. Codes are stable. */
export const questionEntries = {
  ...bodyQuestions,
  ...gatewayQuestions,
  ...landingQuestions,
  ...serviceQuestions,
} as const satisfies {
  readonly [code: ErrorCode]: Omit<Question, 'code'>;
};

/** A code of a question. */
export type QuestionCode = keyof typeof questionEntries;

/** The same in the order in which docs/aws.md and the probe have them. */
export const questions: readonly (Question & { readonly code: QuestionCode })[] = codesOf(
  questionEntries,
).map((code) => ({ code, ...questionEntries[code] }));

function codesOf<Code extends string>(entries: Readonly<Record<Code, unknown>>): Code[] {
  const isCode = (name: string): name is Code => Object.hasOwn(entries, name);
  return Object.keys(entries).filter(isCode);
}
