import type { ErrorCode } from '../../lib/base/errors.ts';

/** A question that only AWS can answer, and whose answer changes what somebody does. Texts are Markdown. */
interface Question {
  /** The question, in a sentence. */
  readonly asks: string;
  /** The behaviour that Sluice relies on. */
  readonly expects: string;
  /** The steps to take if AWS behaves differently. */
  readonly cure: string;
}

/** What is expected of a body that arrives intact. */
const INTACT = '202, and one row with every character of the event';
/** When somebody reads the answer, the trial is removed, so nobody can look at it any more. */
const ISSUE = 'Open an issue with trial.json.';
/** The cure where every SDK needs it. */
const NO_SDK = `No SDK works without it. ${ISSUE}`;
/** The answer to a body that the gateway has treated as text: it is never accepted. */
const MANGLED = 'A 503 `SLUICE_COLLECT_BODY_MANGLED` means that the gateway treated the body as text.';

/** The questions by code, in the order of docs/reference/errors.md and the report. Codes are stable. */
export const questions = {
  // Whether bodies arrive intact in each encoding that SDKs send. AWS does not document when `isBase64Encoded` is true.
  SLUICE_PROBE_PLAIN_JSON: {
    asks: 'Plain JSON as `application/json`: server SDKs',
    expects: INTACT,
    cure: NO_SDK,
  },
  SLUICE_PROBE_PLAIN_TEXT: {
    asks: 'Plain JSON as `text/plain`, key in the query: js-client',
    expects: INTACT,
    cure: NO_SDK,
  },
  SLUICE_PROBE_STATSIG_ENCODED: {
    asks: "Statsig's own encoding, `se=1`: reversed base64 of Latin-1 as text",
    expects: INTACT,
    cure: 'js-client: set `disableStatsigEncoding: true`.',
  },
  SLUICE_PROBE_GZIP_JSON: {
    asks: 'gzip with `Content-Encoding: gzip`, as `application/json`: server SDKs',
    expects: INTACT,
    cure: `${MANGLED} Server SDKs have no option for uncompressed bodies: use a proxy that decompresses them.`,
  },
  SLUICE_PROBE_GZIP_UNTYPED: {
    asks: 'gzip with `gz=1` in the query and no type: js-client with compression',
    expects: INTACT,
    cure: `${MANGLED} js-client: \`logEventCompressionMode: LogEventCompressionMode.Disabled\`.`,
  },
  SLUICE_PROBE_ZSTD_JSON: {
    asks: 'zstd with `Content-Encoding: zstd`, as `application/json`: Server Core for Node and Elixir',
    expects: INTACT,
    cure: `${MANGLED} Server Core has no option for uncompressed bodies: use a proxy that decompresses zstd.`,
  },
  SLUICE_PROBE_JS_CLIENT: {
    asks: 'The real js-client, in Node',
    expects: INTACT,
    cure: NO_SDK,
  },
  SLUICE_PROBE_SERVER_CORE: {
    asks: 'The real Server Core for Node',
    expects: INTACT,
    cure: NO_SDK,
  },
  // Responses of the gateway itself, and what it changes in those of the collector.
  SLUICE_PROBE_PREFLIGHT: {
    asks: 'The preflight request of a browser, and the request that it is for',
    expects:
      '2xx with `Access-Control-Allow-Origin: *`, `POST` among the methods, and every header of the SDKs allowed; then 202',
    cure: 'Browsers only send beacons. Delete a route that matches `OPTIONS` (`ANY`, `$default`), or compare the CORS settings with the template.',
  },
  SLUICE_PROBE_CORS_ACCEPTED: {
    asks: 'A 202 to a browser',
    expects: '`{"success":true}` as JSON, with `Access-Control-Allow-Origin: *`, once',
    cure: 'js-client sends the batch again: rows arrive twice, with the same `event_id`. Look for a proxy that adds the header again.',
  },
  SLUICE_PROBE_TEXT_UNDER_LIMIT: {
    asks: 'A text of 6 MiB minus 64 KiB',
    expects: '202, and a row',
    cure: 'Reduce the batch size of SDKs (docs/sdks.md).',
  },
  SLUICE_PROBE_OVER_LAMBDA_LIMIT: {
    asks: "A text of 6.5 MiB: above Lambda's limit, below the gateway's",
    expects: '413 with CORS headers, so that an SDK drops this batch and continues with the next; no row',
    cure: 'After a 5xx, or an answer that a browser may not read, SDKs retry again and again: reduce their batch size (docs/sdks.md) to well below 6 MB.',
  },
  // How Firehose, S3, Glue, Athena and CloudWatch handle accepted events.
  SLUICE_PROBE_DELIVERY_TIME: {
    asks: 'The time from the response to the row',
    expects:
      'at most `buffering.seconds`, and a minute and a half for the writer, the partition and the query',
    cure: `The alarms \`…-late\` use the same bound: raise their thresholds. If no row has arrived: ${ISSUE}`,
  },
  SLUICE_PROBE_TIMESTAMP_VALUE: {
    asks: 'Which time Athena reads',
    expects: 'the time that was sent, UTC, to the millisecond',
    cure: `A difference of hours is a time zone, a missing fraction a type. ${ISSUE}`,
  },
  SLUICE_PROBE_VIEWS: {
    asks: 'Whether Athena accepts the views as the stack creates them in Glue',
    expects: 'a query of each view is accepted, and `product_events` has each event once',
    cure: "Drop the view in Athena and create it there with the SQL of lib/views; Glue then has Athena's version.",
  },
  SLUICE_PROBE_METRICS: {
    asks: 'Whether metrics that functions print (EMF) arrive',
    expects: '`received` of the namespace `Sluice` has a value for each request',
    cure: `**Alarms would not fire.** ${ISSUE}`,
  },
  SLUICE_PROBE_DROP: {
    asks: "A file that is dropped into a customer's bucket",
    expects: 'the ledger says that its day is loaded, and its table has each row',
    cure: ISSUE,
  },
  SLUICE_PROBE_ENCRYPTION: {
    asks: 'Objects in a bucket whose policy demands an encryption header: `AES256`, and `aws:kms` without a key. The answer has the key that S3 names',
    expects: 'one without the header is denied; one with it is stored, also in parts, which cannot state it',
    cure: 'If the parts are denied, exports of files above 16 MiB fail in such buckets until their policy excepts the role of the export. If `aws:kms` is, name a key: `kmsKeyArn` of the target or source.',
  },
  SLUICE_PROBE_LAKE_FORMATION: {
    asks: "Whether Lake Formation decides about the stack's tables, beside IAM",
    expects: 'its database leaves new tables to IAM, and no table lies in a location that is registered',
    cure: 'docs/deploy.md, "Lake Formation": grants in their order, and `lakeformation:GetDataAccess` for readers.',
  },
  SLUICE_PROBE_LAKE_SETTINGS: {
    asks: "Lake Formation's settings (`GetDataLakeSettings`)",
    expects: 'its administrators, and whose new databases are: `doctor --before-deploy` reads both',
    cure: 'docs/deploy.md, "Lake Formation": ask its administrator for the grants before the first deployment.',
  },
  SLUICE_PROBE_POLICIES: {
    asks: 'A role with as much inline as IAM takes, and the rest in a managed policy',
    expects: 'the deployment makes it, and the file is loaded, which the managed policy alone lets it read',
    cure: `Keep the sources of a stack so few that no role of it has managed policies (\`npx serverless package\`). ${ISSUE}`,
  },
  SLUICE_PROBE_ALARM: {
    asks: 'A compressed body that arrives as text, as it is sent',
    expects: '503 `SLUICE_COLLECT_BODY_MANGLED`, and the alarm `mangled` rings',
    cure: '**Nobody would be told.** Compare the metric `refused_requests` with the alarm (docs/metrics.md).',
  },
} as const satisfies Readonly<Record<ErrorCode, Question>>;

/** A code of a question. */
export type QuestionCode = keyof typeof questions;

/** All codes, in their order. */
export const questionCodes = Object.keys(questions).filter((name): name is QuestionCode =>
  Object.hasOwn(questions, name),
);
