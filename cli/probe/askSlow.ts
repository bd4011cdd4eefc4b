import { gzipSync } from 'node:zlib';
import { type Answer, answer, unanswered } from './Answer.ts';
import { PATIENCE_MS, SLOW_EVENT_BYTES, SLOW_EVENTS } from './limits.ts';
import { ORIGIN, postUrl, type Run } from './Run.ts';
import { isOurs, readableBy, replyText, sendRequest } from './sendRequest.ts';

/** Sends as many events as one body may have, of telemetry, which is counted and not landed. */
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
  if (reply.status !== null && !isOurs(reply)) {
    return [
      answer('SLUICE_PROBE_SLOW_REQUEST', false, found),
      answer('SLUICE_PROBE_GATEWAY_TIMEOUT', reply.status >= 500 && readableBy(reply, ORIGIN), found),
    ];
  }
  const fine =
    (reply.status === 202 || reply.status === 503) && readableBy(reply, ORIGIN) && reply.ms <= PATIENCE_MS;
  return [
    answer('SLUICE_PROBE_SLOW_REQUEST', fine, found),
    unanswered('SLUICE_PROBE_GATEWAY_TIMEOUT', 'not reached: the collector answered by itself'),
  ];
}
