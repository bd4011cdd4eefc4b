import type { ErrorCode } from '../../lib/base/errors.ts';

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
) => ({ asks, reliesOn, witness, certainty, cure }) as const satisfies Omit<Question, 'code'>;

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
  SLUICE_PROBE_ZSTD_JSON: intactBody(
    'zstd with `Content-Encoding: zstd`, as `application/json`: Server Core for Node and Elixir',
    ENCODED,
    `${MANGLED} Server Core has no option for uncompressed bodies. Use a proxy that decompresses zstd.`,
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
  },
  SLUICE_PROBE_CORS_ACCEPTED: {
    asks: 'A 202 to a browser',
    reliesOn: '`{"success":true}` as JSON, with `Access-Control-Allow-Origin: *`, once',
    witness: CORS,
    certainty: 'documented',
    cure: 'Without it, js-client cannot read the response and sends the batch again: rows arrive twice, with the same `event_id`. A duplicate header has the same effect: a proxy in front adds it as well.',
  },
  SLUICE_PROBE_CORS_REFUSED: {
    asks: 'A 401 to a browser',
    reliesOn: 'JSON of the collector with its code, and `Access-Control-Allow-Origin: *`',
    witness: CORS,
    certainty: 'documented',
    cure: `${NO_CORS} without success. Check the keys of apps (\`refused_requests\`, docs/metrics.md).`,
  },
  SLUICE_PROBE_TEXT_UNDER_LIMIT: {
    asks: 'A text of 6 MiB minus 64 KiB',
    reliesOn: '202, and a row',
    witness: QUOTAS,
    certainty: 'documented',
    cure: 'The gateway accepts less than Lambda. Reduce the batch size of SDKs (docs/sdks.md) below its limit.',
  },
  SLUICE_PROBE_BINARY_UNDER_LIMIT: {
    asks: 'A compressed body of 4.4 MiB, 5.9 MiB as base64',
    reliesOn: '202, and a row',
    witness: QUOTAS,
    certainty: 'documented',
    cure: 'The gateway accepts less than Lambda. Reduce the batch size of SDKs (docs/sdks.md) below its limit.',
  },
  SLUICE_PROBE_OVER_LAMBDA_LIMIT: {
    asks: "A text of 6.5 MiB: above Lambda's limit, below the gateway's",
    reliesOn: '413 with CORS headers, so that an SDK drops this batch and continues with the next; no row',
    witness: TOO_LARGE,
    certainty: 'likely',
    cure: `After a 5xx, SDKs retry again and again. ${NO_CORS}. In both cases, reduce the batch size of SDKs (docs/sdks.md) to well below 6 MB.`,
  },
  SLUICE_PROBE_OVER_GATEWAY_LIMIT: {
    asks: "A text of 10 MiB plus 64 KiB: above the gateway's limit",
    reliesOn: '413 with CORS headers; no row',
    witness: TOO_LARGE,
    certainty: 'likely',
    cure: `After a 5xx, SDKs retry again and again. ${NO_CORS}. In both cases, reduce the batch size of SDKs (docs/sdks.md).`,
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
  },
  SLUICE_PROBE_DELIVERY_TIME: {
    asks: 'The time from the response to the row',
    reliesOn:
      'at most `buffering.seconds`, and a minute and a half for the writer, the partition and the query',
    witness:
      '[Buffering hints](https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html): Firehose delivers when the interval or the size is reached',
    certainty: 'documented',
    cure: 'No data is lost. The alarms `…-late` use the same bound: raise their thresholds.',
  },
  SLUICE_PROBE_PACKED_RECORDS: {
    asks: 'Whether Firehose delivers a record as it was put: 600 events of one request',
    reliesOn:
      '600 rows with 600 different `event_id`s: objects of `landing/` are the bytes of the records, one after the other',
    witness:
      '[Firehose](https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html) concatenates records without a delimiter; nothing found says that it cuts one',
    certainty: 'documented',
    cure: 'Objects are in `damaged/`: open an issue with one of them.',
  },
  SLUICE_PROBE_DAY: {
    asks: 'Whether rows are stored under the day of their own time: the folder and the registered partition',
    reliesOn: '`ds` is the UTC day of `timestamp`',
    witness: '`lib/landing/write`, which names the folder by the day in a line',
    certainty: 'documented',
    cure: 'Check the keys under the folder of the table. A partition whose location is not its own day was created manually.',
  },
  SLUICE_PROBE_TIMESTAMP_VALUE: {
    asks: 'Which time Athena reads from it',
    reliesOn: 'the time that was sent, UTC, to the millisecond',
    witness:
      '[Engine version 3](https://github.com/awsdocs/amazon-athena-user-guide/blob/master/doc_source/engine-versions-reference-0003.md): `timestamp(3)`; [what Firehose parses](https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html)',
    certainty: 'documented',
    cure: 'A difference of hours is a time zone, a missing fraction a format. Change lib/base/time.ts to another format that OpenX parses (epoch milliseconds).',
  },
  SLUICE_PROBE_VIEWS: {
    asks: 'Whether Athena accepts the views as the stack creates them in Glue',
    reliesOn: 'a query of each view is accepted and returns its columns',
    witness:
      "only Athena's own views: it writes `/* Presto View: … */` itself, undocumented; others create such views with CloudFormation ([aws-cdk #13721](https://github.com/aws/aws-cdk/pull/13721))",
    certainty: 'likely',
    cure: "Drop the view in Athena and create it there with the SQL of lib/views; Glue then has Athena's version. `missing SerDe info` means that CloudFormation omitted the empty `SerdeInfo` ([observed with Terraform](https://github.com/hashicorp/terraform-provider-aws/issues/28517)).",
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;

/** Questions about S3, Lambda and CloudWatch that the functions rely on. */
export const serviceQuestions = {
  SLUICE_PROBE_CONDITIONAL_WRITES: {
    asks: 'Whether conditional writes work for objects that are encrypted with a KMS key',
    reliesOn:
      '`If-None-Match: *` creates an object once, and `If-Match` with its ETag replaces it once: 412 otherwise. Cooldowns and the ledger depend on it',
    witness:
      '[S3](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); about ETags it only says that they are not an MD5 with a KMS key',
    certainty: 'documented',
    cure: '**Two functions may process one day at the same time.** Open an issue with the line that the probe printed; until then remove `sources` and `exports` from the configuration.',
  },
  SLUICE_PROBE_METRICS: {
    asks: 'Whether metrics arrive, from functions (EMF) and from the schedules',
    reliesOn:
      '`received` of the namespace `Sluice` has a value for each request of the probe; in the last 70 minutes, `InvocationAttemptCount` of `AWS/Scheduler` is above 0',
    witness:
      '[EMF](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html); functions print it to stdout, the collector in the [JSON log format](https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html); [Scheduler](https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html)',
    certainty: 'documented',
    cure: '**Alarms would not fire.** A stack that is less than an hour old may have had no look of the writer yet: run the probe again. Otherwise check the dashboard: panels without data show what is missing (docs/metrics.md).',
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

/** All questions, in the order of docs/reference/probe.md and the probe. */
export const questions: readonly (Question & { readonly code: QuestionCode })[] = codesOf(
  questionEntries,
).map((code) => ({ code, ...questionEntries[code] }));

function codesOf<Code extends string>(entries: Readonly<Record<Code, unknown>>): Code[] {
  const isCode = (name: string): name is Code => Object.hasOwn(entries, name);
  return Object.keys(entries).filter(isCode);
}
