import type { Question } from './Question.ts';

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
