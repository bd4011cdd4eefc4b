import type { ErrorCode } from '../../lib/base/errors.ts';

/**
 * When the probe asks a question: always, only with `--burst`, `--slow` or `--url`, or never, because a person has to find
 * out.
 */
export type Asking = 'always' | '--burst' | '--slow' | '--url' | 'by hand';

/**
 * How certain the expectation is. `documented`: AWS documents it. `measured`: others published that they observed it on AWS.
 * `likely`: it follows from other observations. `open`: there is no source.
 */
export type Certainty = 'documented' | 'measured' | 'likely' | 'open';

/** A question that only AWS can answer. `docs/reference/probe.md` is generated from these. Texts are Markdown. */
export interface Question {
  readonly code: ErrorCode;
  readonly asks: string;
  /** The behaviour that Sluice relies on. */
  readonly reliesOn: string;
  /** The evidence: a page of AWS, a measurement, or source code. */
  readonly witness: string;
  readonly certainty: Certainty;
  /** The steps to take if AWS behaves differently. */
  readonly cure: string;
  readonly asked: Asking;
}

/** AWS does not document when `isBase64Encoded` is true. */
const BY_TYPE = {
  certainty: 'measured',
  witness:
    '[measured by others](https://github.com/ministackorg/ministack/issues/766): text for `text/*` and `application/json`, `xml`, `javascript`, base64 for everything else; the [payload format](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html) does not document it',
} as const;
/** A public HTTP API that has accepted such bodies since 2021, and an event that it recorded. */
const SONDEHUB =
  '[SondeHub](https://github.com/projecthorus/sondehub-infra) runs an HTTP API with payload 2.0; the event that its `ham_put_api` recorded has `content-type: application/json`, `content-encoding: gzip` and `isBase64Encoded: true`';
const GZIP = { witness: SONDEHUB, certainty: 'measured' } as const;
const ENCODED = {
  witness: `as gzip: ${SONDEHUB}. AWS documents the same for [load balancers](https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html) with any \`Content-Encoding\`, but nothing for HTTP APIs`,
  certainty: 'likely',
} as const;

const intactBody = (
  asks: string,
  { witness, certainty }: Pick<Question, 'witness' | 'certainty'>,
  cure: string,
  reliesOn = '202, and one row with every character of the event',
) =>
  ({ asks, reliesOn, witness, certainty, cure, asked: 'always' }) as const satisfies Omit<Question, 'code'>;

const PLAIN_CURE = 'No SDK works without it. Open an issue with the line that the probe printed.';
/** The response to a corrupted body, which is never accepted. */
const MANGLED =
  'A 503 `SLUICE_COLLECT_BODY_MANGLED` means that the gateway treated the body as text. The SDK keeps its events and retries without success.';

/** Whether bodies arrive intact in each encoding that SDKs send. */
export const bodyQuestions = {
  SLUICE_PROBE_PLAIN_JSON: intactBody('Plain JSON as `application/json`: server SDKs', BY_TYPE, PLAIN_CURE),
  SLUICE_PROBE_PLAIN_TEXT: intactBody(
    'Plain JSON as `text/plain;charset=UTF-8`, key in the query: js-client',
    BY_TYPE,
    PLAIN_CURE,
  ),
  SLUICE_PROBE_PLAIN_UNTYPED: intactBody('Plain JSON without a content type', BY_TYPE, PLAIN_CURE),
  SLUICE_PROBE_BEACON: intactBody(
    "A browser's beacon: `text/plain`, no header except `Origin`, key in the query, `/v1/log_event_beacon`",
    BY_TYPE,
    PLAIN_CURE,
  ),
  SLUICE_PROBE_STATSIG_ENCODED: intactBody(
    "Statsig's own encoding, `se=1`: reversed base64 of Latin-1 as text",
    BY_TYPE,
    'js-client: set `disableStatsigEncoding: true`.',
  ),
  SLUICE_PROBE_GZIP_JSON: intactBody(
    'gzip with `Content-Encoding: gzip`, as `application/json`: server SDKs',
    GZIP,
    `${MANGLED} Server SDKs have no option for uncompressed bodies. Use a proxy that decompresses them.`,
  ),
  SLUICE_PROBE_GZIP_UNTYPED: intactBody(
    'gzip with `gz=1` in the query and neither `Content-Encoding` nor `Content-Type`: js-client with compression',
    BY_TYPE,
    `${MANGLED} js-client: \`logEventCompressionMode: LogEventCompressionMode.Disabled\`.`,
  ),
  SLUICE_PROBE_GZIP_UNMARKED: intactBody(
    'gzip as `application/json` without a sign of it, as behind a proxy that drops `Content-Encoding`',
    { witness: 'none: no SDK sends such bodies', certainty: 'open' },
    'A 4xx is a loss, because SDKs drop the batch. Configure the proxy to pass `Content-Encoding` on, or to decompress.',
    '202 and one complete row, or 503 `SLUICE_COLLECT_BODY_MANGLED`: a corrupted body is detected and not dropped',
  ),
  SLUICE_PROBE_ZSTD_JSON: intactBody(
    'zstd with `Content-Encoding: zstd`, as `application/json`: Server Core for Node and Elixir',
    ENCODED,
    `${MANGLED} Server Core has no option for uncompressed bodies. Use a proxy that decompresses zstd.`,
  ),
  SLUICE_PROBE_BROTLI_JSON: intactBody(
    'brotli with `Content-Encoding: br`, as `application/json`: no SDK, but proxies',
    ENCODED,
    `${MANGLED} Configure the proxy to send uncompressed bodies.`,
  ),
  SLUICE_PROBE_DEFLATE_JSON: intactBody(
    'deflate with `Content-Encoding: deflate`, as `application/json`: no SDK, but proxies',
    ENCODED,
    `${MANGLED} Configure the proxy to send uncompressed bodies.`,
  ),
} as const;

const CORS =
  "[CORS of HTTP APIs](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html): the gateway's headers replace the integration's; its own errors are not documented";
const QUOTAS =
  '[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html): 6 MB per request, [HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html): 10 MB';
const TOO_LARGE = `${QUOTAS}; the response was observed with a REST API: 413, from Lambda as JSON, from the gateway as text, without CORS headers ([lgtm-generator #10](https://github.com/koki-develop/lgtm-generator/issues/10))`;
const NO_CORS =
  'Without CORS headers, a browser reports a network error to its SDK instead of the status. js-client then keeps the batch and retries';

/** Responses of the gateway itself, and what it changes in those of the collector. */
export const gatewayQuestions = {
  SLUICE_PROBE_PREFLIGHT: {
    asks: 'The preflight request of a browser',
    reliesOn:
      '2xx with `Access-Control-Allow-Origin: *`, `POST` among the methods, and every header of the SDKs allowed',
    witness:
      '[CORS of HTTP APIs](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html): the gateway answers preflights; of an API with `ANY` [the function gets them](https://github.com/aws/serverless-application-model/issues/1603)',
    certainty: 'documented',
    cure: 'Without it, browsers only send beacons. If a function answered, a route of the deployed API matches `OPTIONS` (`ANY`, `$default`): delete it. Otherwise compare the CORS settings of the address with the template.',
    asked: 'always',
  },
  SLUICE_PROBE_CORS_ACCEPTED: {
    asks: 'A 202 to a browser',
    reliesOn: '`{"success":true}` as JSON, with `Access-Control-Allow-Origin: *`, once',
    witness: CORS,
    certainty: 'documented',
    cure: 'Without it, js-client cannot read the response and sends the batch again: rows arrive twice, with the same `event_id`. A duplicate header has the same effect: a proxy in front adds it as well.',
    asked: 'always',
  },
  SLUICE_PROBE_CORS_REFUSED: {
    asks: 'A 401 to a browser',
    reliesOn: 'JSON of the collector with its code, and `Access-Control-Allow-Origin: *`',
    witness: CORS,
    certainty: 'documented',
    cure: `${NO_CORS} without success. Check the keys of apps (\`refused_requests\`, docs/metrics.md).`,
    asked: 'always',
  },
  SLUICE_PROBE_TEXT_UNDER_LIMIT: {
    asks: 'A text of 6 MiB minus 64 KiB',
    reliesOn: '202, and a row',
    witness: QUOTAS,
    certainty: 'documented',
    cure: 'The gateway accepts less than Lambda. Reduce the batch size of SDKs (docs/sdks.md) below its limit.',
    asked: 'always',
  },
  SLUICE_PROBE_BINARY_UNDER_LIMIT: {
    asks: 'A compressed body of 4.4 MiB, 5.9 MiB as base64',
    reliesOn: '202, and a row',
    witness: QUOTAS,
    certainty: 'documented',
    cure: 'The gateway accepts less than Lambda. Reduce the batch size of SDKs (docs/sdks.md) below its limit.',
    asked: 'always',
  },
  SLUICE_PROBE_OVER_LAMBDA_LIMIT: {
    asks: "A text of 6.5 MiB: above Lambda's limit, below the gateway's",
    reliesOn: '413 with CORS headers, so that an SDK drops this batch and continues with the next; no row',
    witness: TOO_LARGE,
    certainty: 'likely',
    cure: `After a 5xx, SDKs retry again and again. ${NO_CORS}. In both cases, reduce the batch size of SDKs (docs/sdks.md) to well below 6 MB.`,
    asked: 'always',
  },
  SLUICE_PROBE_OVER_GATEWAY_LIMIT: {
    asks: "A text of 10 MiB plus 64 KiB: above the gateway's limit",
    reliesOn: '413 with CORS headers; no row',
    witness: TOO_LARGE,
    certainty: 'likely',
    cure: `After a 5xx, SDKs retry again and again. ${NO_CORS}. In both cases, reduce the batch size of SDKs (docs/sdks.md).`,
    asked: 'always',
  },
  SLUICE_PROBE_STAGE_LIMIT: {
    asks: "Requests above the stage's limit",
    reliesOn:
      '429 of the gateway, after which SDKs drop the batch: a distant ceiling, not a protection against load (docs/endpoint.md, "Overload")',
    witness:
      '[Throttling](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html): 429',
    certainty: 'documented',
    cure: `${NO_CORS}. Raise \`endpoint\` and the account's quota before load approaches it. The alarm \`stage-limit\` fires at half of it.`,
    asked: '--burst',
  },
  SLUICE_PROBE_KEY_LIMIT: {
    asks: "Requests above a key's limit (`keyLimit`)",
    reliesOn: '503 `SLUICE_KEY_OVER_LIMIT` with CORS headers: SDKs retry',
    witness: 'a response of the collector, see SLUICE_PROBE_CORS_REFUSED',
    certainty: 'documented',
    cure: `${NO_CORS}, which has the same effect here.`,
    asked: '--burst',
  },
  SLUICE_PROBE_LAMBDA_THROTTLED: {
    asks: 'Requests above the concurrency of the collector or the account',
    reliesOn: '5xx of the gateway, never 429: SDKs retry. A Function URL answers 429, and nothing else',
    witness:
      'REST APIs answer 500 ([re:Post](https://repost.aws/questions/QUfI6bsdd0SOiPeyimzxSkfQ/api-gateway-proxy-integration-does-not-forward-lambda-throttling-http-429-to-client-needs-product-support)); AWS documents nothing for HTTP APIs',
    certainty: 'likely',
    cure: 'After a 429, SDKs drop the batch: leave `collector.reservedConcurrency` unset, and raise the quota of the account. If a Function URL answers 5xx instead, SDKs retry: that is better, and docs/deploy.md is wrong about it.',
    asked: '--burst',
  },
  SLUICE_PROBE_SLOW_REQUEST: {
    asks: 'The slowest body that is accepted: 100,000 events, 30 MB uncompressed',
    reliesOn:
      '202 or 503 of the collector within 3 s and with CORS headers: the legacy Go SDK waits no longer (it gets its response earlier than other SDKs; a cold start adds to it)',
    witness:
      '`ANSWER_WITHIN_MS` of functions/collect/handler.ts; a measurement on a laptop says little about a Lambda function with 1 GB',
    certainty: 'open',
    cure: 'Give the collector more memory (`memorySize` in serverless.yml), which also gives it more CPU.',
    asked: '--slow',
  },
  SLUICE_PROBE_GATEWAY_TIMEOUT: {
    asks: 'A collector that times out or crashes',
    reliesOn: '5xx of the gateway, `{"message":"…"}`: SDKs retry',
    witness:
      '[HTTP API with Lambda](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-lambda.html): 500 "Internal Server Error"; 503 after a timeout was observed by others ([serverless #11222](https://github.com/serverless/serverless/issues/11222))',
    certainty: 'documented',
    cure: `After a 4xx, SDKs drop the batch. Give the collector more memory, so that this does not happen. ${NO_CORS}, which has the same effect here.`,
    asked: '--slow',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;

/** Questions about how Firehose, S3, Glue and Athena handle accepted events. */
export const landingQuestions = {
  SLUICE_PROBE_DELIVERED: {
    asks: 'Whether rows arrive at all: Firehose may assume its role, write and use the key; the writer makes files; the partition is registered; Athena reads it',
    reliesOn:
      "at least one row of this run; the only condition in the trust policy of the role is `sts:ExternalId`, the account's ID",
    witness:
      '[Firehose](https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role) documents this condition only',
    certainty: 'documented',
    cure: '`npx sluice doctor` reports what is missing; Firehose logs it in `/aws/kinesisfirehose/sluice-<stage>-landing`.',
    asked: 'always',
  },
  SLUICE_PROBE_DELIVERY_TIME: {
    asks: 'The time from the response to the row',
    reliesOn:
      'at most `buffering.seconds`, and a minute and a half for the writer, the partition and the query',
    witness:
      '[Buffering hints](https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html): Firehose delivers when the interval or the size is reached',
    certainty: 'documented',
    cure: 'No data is lost. The alarms `…-late` use the same bound: raise their thresholds.',
    asked: 'always',
  },
  SLUICE_PROBE_PACKED_RECORDS: {
    asks: 'Whether Firehose delivers a record as it was put: 600 events of one request',
    reliesOn:
      '600 rows with 600 different `event_id`s: objects of `landing/` are the bytes of the records, one after the other',
    witness:
      '[Firehose](https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html) concatenates records without a delimiter; nothing found says that it cuts one',
    certainty: 'documented',
    cure: 'Objects are in `parked/` with `SLUICE_LANDING_TRUNCATED`: open an issue with one of them.',
    asked: 'always',
  },
  SLUICE_PROBE_DAY: {
    asks: 'Whether rows are stored under the day of their own time: the folder and the registered partition',
    reliesOn: '`ds` is the UTC day of `timestamp`',
    witness: '`lib/landing/write`, which names the folder by the day in the header of a record',
    certainty: 'documented',
    cure: 'Check the keys under the folder of the table. A partition whose location is not its own day was created manually.',
    asked: 'always',
  },
  SLUICE_PROBE_TIMESTAMP_TYPE: {
    asks: 'Whether Athena reads the Parquet type of a time that the writer writes',
    reliesOn: 'INT64 with a timestamp in microseconds',
    witness:
      '[Parquet SerDe](https://docs.aws.amazon.com/athena/latest/ug/parquet-serde.html); files of DuckDB are read by Athena elsewhere',
    certainty: 'likely',
    cure: 'Declare the column with its actual type (lib/tables/sharedColumns.ts) and cast it in the views.',
    asked: 'always',
  },
  SLUICE_PROBE_TIMESTAMP_VALUE: {
    asks: 'Which time Athena reads from it',
    reliesOn: 'the time that was sent, UTC, to the millisecond',
    witness:
      '[Engine version 3](https://github.com/awsdocs/amazon-athena-user-guide/blob/master/doc_source/engine-versions-reference-0003.md): `timestamp(3)`; [what Firehose parses](https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html)',
    certainty: 'documented',
    cure: 'A difference of hours is a time zone, a missing fraction a format. Change lib/base/time.ts to another format that OpenX parses (epoch milliseconds).',
    asked: 'always',
  },
  SLUICE_PROBE_VIEWS: {
    asks: 'Whether Athena accepts the views as the stack creates them in Glue',
    reliesOn: 'a query of each view is accepted and returns its columns',
    witness:
      "only Athena's own views: it writes `/* Presto View: … */` itself, undocumented; others create such views with CloudFormation ([aws-cdk #13721](https://github.com/aws/aws-cdk/pull/13721))",
    certainty: 'likely',
    cure: "Drop the view in Athena and create it there with the SQL of lib/views; Glue then has Athena's version. `missing SerDe info` means that CloudFormation omitted the empty `SerdeInfo` ([observed with Terraform](https://github.com/hashicorp/terraform-provider-aws/issues/28517)).",
    asked: 'always',
  },
  SLUICE_PROBE_UPDATE_DESTINATION: {
    asks: 'Whether records that wait in a stream go to its new bucket after UpdateDestination',
    reliesOn:
      'nothing: docs/operate.md, "Move the stream to a rescue bucket", tries it when nothing else is left',
    witness:
      '[documented](https://docs.aws.amazon.com/firehose/latest/APIReference/API_UpdateDestination.html) is that changes apply within minutes, not to which records',
    certainty: 'open',
    cure: 'If they do not, what the stream accepted before it was held can be saved only by correcting the cause within 24 hours.',
    asked: 'by hand',
  },
  SLUICE_PROBE_FRESHNESS: {
    asks: 'Which values `DeliveryToS3.DataFreshness` has for a stream that delivers nothing, and for an empty one',
    reliesOn:
      'the age of the oldest record, or no value: then the age is the time since the first record that arrived after the last delivery',
    witness:
      '[documented](https://docs.aws.amazon.com/firehose/latest/dev/data-freshness-metric-not-emitted.html): no value while delivery is completely blocked, nor while nothing arrives',
    certainty: 'documented',
    cure: 'If a late stream is not held, hold it by hand: `sluice hold`. If a well one is, release it and open an issue with the values.',
    asked: 'by hand',
  },
  SLUICE_PROBE_STREAM_QUOTA: {
    asks: "A stream's throughput outside us-east-1, us-west-2 and eu-west-1",
    reliesOn: '1,000 calls and 1 MiB a second; what is above becomes objects of `landing/`',
    witness:
      '[Quotas](https://docs.aws.amazon.com/firehose/latest/dev/limits.html), which list the three regions and lower values for others',
    certainty: 'documented',
    cure: 'Nothing is lost. If the alarm `overflow` stays on, ask AWS for a higher quota: docs/limits.md, "Requests a second".',
    asked: 'by hand',
  },
  SLUICE_PROBE_LOG_FORMAT: {
    asks: "Whether a line of the collector's log is as it was printed, in Lambda's JSON log format",
    reliesOn:
      'the same bytes: `npm run bench -- cost` counts them; and metrics of lines without `level` and `timestamp`, which `SLUICE_PROBE_METRICS` asks for',
    witness:
      '[JSON log format](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html): output that is JSON already is not encoded again; [log levels](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html): a line without a level counts as INFO, and one without a timestamp gets one',
    certainty: 'likely',
    cure: 'Nothing is lost. If lines are longer than printed, the log costs more than the bench says. If `SLUICE_PROBE_METRICS` finds no metrics, remove `logs` of `collect` from serverless.yml.',
    asked: 'by hand',
  },
  SLUICE_PROBE_LAKE_FORMATION: {
    asks: 'An account that uses Lake Formation',
    reliesOn: 'the grants of docs/deploy.md, "Lake Formation"',
    witness:
      '[its reference](https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html)',
    certainty: 'documented',
    cure: '`npx sluice doctor` and the message `Insufficient Lake Formation permission(s)` name the table. Grant the permission.',
    asked: 'by hand',
  },
  SLUICE_PROBE_READERS: {
    asks: 'Whether Statsig, OWOX and Metabase connect with the permissions of docs/readers.md',
    reliesOn: 'their documentation, statement by statement, and a simulation of the calls of their clients',
    witness: 'docs/appendix/policies.md',
    certainty: 'documented',
    cure: "`AccessDenied` in CloudTrail names the action: add it to the reader's statements (lib/access).",
    asked: 'by hand',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;

/** Questions about Athena that loads of large days rely on: lib/drops/athena. */
export const athenaQuestions = {
  SLUICE_PROBE_ATHENA_MANIFESTS: {
    asks: 'Whether `UNLOAD` reads exactly the files that a symlink manifest names, in another account, and whether `"$path"` is the file and not the manifest',
    reliesOn:
      "a load with `engine: 'athena'` writes the rows of the listed files and no others, and `source_file` names the file of each",
    witness:
      '[UNLOAD](https://docs.aws.amazon.com/athena/latest/ug/unload.html); [Delta Lake](https://docs.delta.io/presto-integration) documents such manifests over Parquet for Athena; Trino answers `"$path"` with the file. Athena documents neither for `UNLOAD`',
    certainty: 'likely',
    cure: "Nothing wrong is published: rows are compared with the footers by file, and the day fails with `SLUICE_ATHENA_ROWS_MISSING` or `SLUICE_ATHENA_QUERY_FAILED`. Set `engine: 'lambda'`, and open an issue with the output of `npx sluice ingest explain`.",
    asked: 'by hand',
  },
  SLUICE_PROBE_ATHENA_TOKEN: {
    asks: 'Whether `StartQueryExecution` with the same `ClientRequestToken` and the same members starts one statement, from another session too',
    reliesOn: 'the same `QueryExecutionId`, for as long as a lease lasts, 16 minutes, and beyond',
    witness:
      '[StartQueryExecution](https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html): the same response for the same token, an error if a member differs; how long a token is remembered is not documented',
    certainty: 'documented',
    cure: 'Only a function that is killed while it starts a statement needs it: a second `UNLOAD` finds the folder of the first not empty, fails, and the day is retried. If an error says that parameters do not match, open an issue with the line of the log.',
    asked: 'by hand',
  },
  SLUICE_PROBE_ATHENA_EVENTS: {
    asks: "How soon EventBridge has Athena's change of state, and whether its `workgroupName` and `currentState` are as the rule expects",
    reliesOn:
      'seconds: the log of `ingest-load` has the next step within a minute of the end of a statement. Without events the schedule goes on within ten minutes',
    witness:
      '[Athena events](https://docs.aws.amazon.com/athena/latest/ug/athena-events.html): best effort, with an example of the event',
    certainty: 'documented',
    cure: 'No data is lost or late by more than ten minutes a step. Compare the pattern of the rule `sluice-<stage>-query-ended` with an event: `aws events test-event-pattern`.',
    asked: 'by hand',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;

/** Questions about S3, Lambda and CloudWatch that the functions rely on. */
export const serviceQuestions = {
  SLUICE_PROBE_CONDITIONAL_WRITES: {
    asks: 'Whether conditional writes work for objects that are encrypted with a KMS key',
    reliesOn:
      '`If-None-Match: *` creates an object once, and `If-Match` with its ETag replaces it once: 412 otherwise. Claims, cooldowns and the ledger depend on it',
    witness:
      '[S3](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); about ETags it only says that they are not an MD5 with a KMS key',
    certainty: 'documented',
    cure: '**Two functions may process one day at the same time.** Open an issue with the line that the probe printed; until then remove `sources` and `exports` from the configuration.',
    asked: 'always',
  },
  SLUICE_PROBE_RECURSIVE_LOOP: {
    asks: 'Whether Lambda allows `ingest-plan` and `export` to continue with messages to their own queues',
    reliesOn:
      '`RecursiveLoop` of both functions is `Allow`; Lambda stops a chain after 16 invocations otherwise',
    witness:
      '[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html); the same pattern was stopped elsewhere ([boto3 #3899](https://github.com/boto/boto3/issues/3899))',
    certainty: 'documented',
    cure: 'A drop that takes longer to settle waits for the next run, and `ingest-plan-dead-letters` fires. Run `aws lambda put-function-recursion-config --function-name sluice-<stage>-ingest-plan --recursive-loop Allow`, and the same for `export`, or deploy again.',
    asked: 'always',
  },
  SLUICE_PROBE_LANDING: {
    asks: 'Whether an object of `landing/` becomes rows: from S3 to EventBridge, to the queue, to `write`',
    reliesOn:
      'a row of events, and one of quarantine that its table does not take, within a minute; if an event of S3 is lost, a look processes the object after ten minutes',
    witness:
      '[S3 with EventBridge](https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html), [EventBridge with SQS](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html)',
    certainty: 'documented',
    cure: 'No data is lost. `npx sluice doctor` checks the queues; the log of `write` has the error code (docs/reference/errors.md).',
    asked: 'always',
  },
  SLUICE_PROBE_METRICS: {
    asks: 'Whether metrics arrive, both from functions (EMF) and from metric filters',
    reliesOn:
      '`received` of the namespace `Sluice` has a value for each request of the probe; in the last 20 minutes, `ObjectsParked-<stage>` has a datapoint, which a metric filter makes from the look of the writer, and `InvocationAttemptCount` of `AWS/Scheduler` is above 0',
    witness:
      '[EMF](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html); functions print it to stdout, the collector in the [JSON log format](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html); [Scheduler](https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html)',
    certainty: 'documented',
    cure: '**Alarms would not fire.** A stack that is less than ten minutes old may have no look yet: run the probe again. Otherwise check the dashboard: panels without data show what is missing (docs/metrics.md).',
    asked: 'always',
  },
  SLUICE_PROBE_LOAD_ENGINE: {
    asks: "Whether DuckDB's binding starts in the function `ingest-load`",
    reliesOn:
      'the binding for the configured architecture works with glibc and `/tmp` of the runtime: the smallest recent day of a source in the own account, at most 64 MiB, is loaded again',
    witness: 'the binding needs GLIBC 2.25, and Amazon Linux 2023 has 2.34',
    certainty: 'likely',
    cure: 'The log of `ingest-load` names what could not be loaded. Try the other `architecture`.',
    asked: 'always',
  },
  SLUICE_PROBE_CUSTOM_DOMAIN: {
    asks: "Whether a domain of your own passes requests on like the stack's domain",
    reliesOn:
      'the same results for bodies and responses of the gateway, and unchanged paths: `/v1/initialize` is refused with `SLUICE_PATH_RESERVED`',
    witness:
      '[HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html)',
    certainty: 'documented',
    cure: 'Run the probe without `--url` and compare. Differences come from a proxy or CloudFront in front. If paths differ, map the API to the domain without a path (docs/deploy.md).',
    asked: '--url',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;

/** The open questions by code. Codes are stable. */
export const questionEntries = {
  ...bodyQuestions,
  ...gatewayQuestions,
  ...landingQuestions,
  ...athenaQuestions,
  ...serviceQuestions,
} as const satisfies {
  readonly [code: ErrorCode]: Omit<Question, 'code'>;
};

/** A code of a question. */
export type QuestionCode = keyof typeof questionEntries;

/** All questions, in the order of docs/reference/probe.md and the probe. */
export const questions: readonly (Question & { readonly code: QuestionCode })[] = codesOf(
  questionEntries,
).map((code) => ({ code, ...questionEntries[code] }));

function codesOf<Code extends string>(entries: Readonly<Record<Code, unknown>>): Code[] {
  const isCode = (name: string): name is Code => Object.hasOwn(entries, name);
  return Object.keys(entries).filter(isCode);
}
