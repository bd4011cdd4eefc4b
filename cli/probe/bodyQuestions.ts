import type { Question } from './Question.ts';

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
