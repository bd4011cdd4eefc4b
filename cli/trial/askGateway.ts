import { postUrl } from './bodies.ts';
import { type Answer, answer, ORIGIN, type Run } from './Probe.ts';
import { isFromCollector, type Reply, readableBy, replyText, sendRequest } from './sendRequest.ts';

/** Headers that browser SDKs set (js-client and statsig-js). */
const SDK_HEADERS = [
  'content-type',
  'statsig-api-key',
  'statsig-client-time',
  'statsig-encoded',
  'statsig-event-count',
  'statsig-retry-count',
  'statsig-sdk-type',
  'statsig-sdk-version',
] as const;

/** Sends the preflight request of js-client. */
export async function askPreflight(run: Run): Promise<Answer> {
  const reply = await sendRequest({
    url: postUrl(run),
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': SDK_HEADERS.join(','),
    },
  });
  const missing =
    reply.status === null
      ? []
      : [
          ...SDK_HEADERS.filter((name) => !lists(reply.headers.get('access-control-allow-headers'), name)),
          ...(lists(reply.headers.get('access-control-allow-methods'), 'post') ? [] : ['POST']),
        ];
  const fine = reply.status !== null && reply.status >= 200 && reply.status < 300;
  const found = [
    fine ? `${reply.status}` : replyText(reply),
    readableBy(reply, ORIGIN) ? 'CORS headers' : 'no CORS headers',
    ...(missing.length === 0 ? [] : [`not allowed: ${missing.join(' ')}`]),
  ].join(', ');
  return answer('SLUICE_PROBE_PREFLIGHT', fine && readableBy(reply, ORIGIN) && missing.length === 0, found);
}

function lists(header: string | null, name: string): boolean {
  const names = (header ?? '').split(',').map((one) => one.trim().toLowerCase());
  return names.includes('*') || names.includes(name);
}

/** Judges whether a browser can read a 202. */
export function judgeAccepted(reply: Reply): Answer {
  const fine = reply.status === 202 && isFromCollector(reply) && readableBy(reply, ORIGIN);
  return answer('SLUICE_PROBE_CORS_ACCEPTED', fine, replyText(reply, ORIGIN));
}
