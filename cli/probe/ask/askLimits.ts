import { gzipSync } from 'node:zlib';
import type { Config } from '../../../lib/schema/config.ts';
import { requestLimits } from '../../../lib/schema/endpoint.ts';
import { type Answer, answer, unanswered } from '../Answer.ts';
import { BURST_AT_ONCE, PATIENCE_MS, SLOW_EVENT_BYTES, SLOW_EVENTS } from '../limits.ts';
import { ORIGIN, postUrl, type Run } from '../Run.ts';
import {
  isFromCollector,
  type Reply,
  readableBy,
  refusalCode,
  replyText,
  sendRequest,
} from '../sendRequest.ts';

/**
 * Sends requests without events as fast as possible, and reports the responses above a limit. This affects other senders, so
 * it is for a stage with low limits for the purpose.
 */
export async function askBurst(
  run: Run,
  requests: number,
  context: { readonly config: Pick<Config, 'endpoint' | 'region'>; readonly isFunctionUrl: boolean },
): Promise<readonly Answer[]> {
  const body = Uint8Array.from(Buffer.from('{"events":[]}'));
  const replies: Reply[] = [];
  let left = requests;
  const sender = async () => {
    while (left > 0) {
      left -= 1;
      replies.push(
        await sendRequest({
          url: postUrl(run, '/v1/sluice-probe-burst'),
          headers: { origin: ORIGIN, 'statsig-api-key': run.key, 'content-type': 'application/json' },
          body,
        }),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(BURST_AT_ONCE, requests) }, sender));

  const tooMany = replies.filter(({ status }) => status === 429);
  // The stage allows a burst of this size: an earlier 429 is not from the stage.
  const fromStage = !context.isFunctionUrl && requests > requestLimits(context.config).burst;
  const overKey = replies.filter((reply) => refusalCode(reply) === 'SLUICE_KEY_OVER_LIMIT');
  const gatewayFailed = replies.filter(
    (reply) => reply.status !== null && reply.status >= 500 && !isFromCollector(reply),
  );
  const throttled = [...gatewayFailed, ...(fromStage ? [] : tooMany)];
  const all = `${requests} requests, ${statusText(replies)}`;
  return [
    judge('SLUICE_PROBE_STAGE_LIMIT', fromStage ? tooMany : [], all, () => true),
    judge('SLUICE_PROBE_KEY_LIMIT', overKey, all, ({ status }) => status === 503),
    judge('SLUICE_PROBE_LAMBDA_THROTTLED', throttled, all, ({ status }) =>
      // A Function URL passes on Lambda's own 429.
      context.isFunctionUrl ? status === 429 : status !== 429,
    ),
  ];
}

/** As expected if every reply is, and a browser can read it. */
function judge(
  code: 'SLUICE_PROBE_STAGE_LIMIT' | 'SLUICE_PROBE_KEY_LIMIT' | 'SLUICE_PROBE_LAMBDA_THROTTLED',
  replies: readonly Reply[],
  all: string,
  asExpected: (reply: Reply) => boolean,
): Answer {
  const wrong = replies.find((reply) => !asExpected(reply) || !readableBy(reply, ORIGIN));
  const shown = wrong ?? replies[0];
  if (shown === undefined) return unanswered(code, `not reached: ${all}`);
  return answer(code, wrong === undefined, `${replies.length} × ${replyText(shown, ORIGIN)}, of ${all}`);
}

/** `480 × 202, 20 × 429`. */
function statusText(replies: readonly Reply[]): string {
  const counts = new Map<string, number>();
  for (const reply of replies) {
    const status = reply.status === null ? reply.problem : String(reply.status);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return [...counts]
    .sort()
    .map(([status, n]) => `${n} × ${status}`)
    .join(', ');
}

/** Sends the maximum number of events in one body, as telemetry, which is counted and not stored. */
export async function askSlow(run: Run): Promise<readonly Answer[]> {
  const event = JSON.stringify({
    eventName: 'statsig::diagnostics',
    time: run.time,
    metadata: { text: 'x'.repeat(SLOW_EVENT_BYTES) },
  });
  const json = `{"events":[${Array.from({ length: SLOW_EVENTS }, () => event).join()}]}`;
  const reply = await sendRequest({
    url: postUrl(run, '/v1/sluice-probe-slow'),
    headers: {
      origin: ORIGIN,
      'statsig-api-key': run.key,
      'content-type': 'application/json',
      'content-encoding': 'gzip',
    },
    body: Uint8Array.from(gzipSync(json)),
  });
  const found = `${replyText(reply, ORIGIN)}${reply.status === null ? '' : `, after ${(reply.ms / 1_000).toFixed(1)} s`}`;
  if (reply.status !== null && !isFromCollector(reply)) {
    return [
      answer('SLUICE_PROBE_SLOW_REQUEST', false, found),
      answer('SLUICE_PROBE_GATEWAY_TIMEOUT', reply.status >= 500 && readableBy(reply, ORIGIN), found),
    ];
  }
  const fine =
    (reply.status === 202 || reply.status === 503) && readableBy(reply, ORIGIN) && reply.ms <= PATIENCE_MS;
  return [
    answer('SLUICE_PROBE_SLOW_REQUEST', fine, found),
    unanswered('SLUICE_PROBE_GATEWAY_TIMEOUT', 'not reached: the collector answered in time'),
  ];
}
