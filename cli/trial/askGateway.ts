import { type Answer, answer, ORIGIN, type Run } from './Answer.ts';
import { NO_EVENTS, postUrl } from './bodies.ts';
import { corsText, isFromCollector, type Reply, readableBy, replyText, sendRequest } from './sendRequest.ts';

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

/** Sends the preflight of an SDK in a browser, and then the request that it is for, whose headers need a preflight. */
export async function askPreflight(run: Run): Promise<Answer> {
  const code = 'SLUICE_PROBE_PREFLIGHT';
  const url = postUrl(run);
  const reply = await sendRequest({
    url,
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': SDK_HEADERS.join(','),
    },
  });
  if (reply.status === null) return answer(code, false, replyText(reply));
  const { status, headers } = reply;
  const missing = SDK_HEADERS.filter((name) => !lists(headers.get('access-control-allow-headers'), name));
  const allowsPost = lists(headers.get('access-control-allow-methods'), 'post');
  const refused = [...missing, ...(allowsPost ? [] : ['POST'])];
  const isOk = status >= 200 && status < 300;
  const found = [
    isOk ? `${status}` : replyText(reply),
    corsText(reply, ORIGIN),
    ...(refused.length === 0 ? [] : [`not allowed: ${refused.join(' ')}`]),
  ].join(', ');
  if (!isOk || !readableBy(reply, ORIGIN) || refused.length > 0) return answer(code, false, found);
  const posted = await sendRequest({
    url,
    headers: {
      origin: ORIGIN,
      'content-type': 'application/json',
      'statsig-api-key': run.keys.client,
    },
    body: NO_EVENTS,
  });
  return answer(code, isAccepted(posted), `${found}; then ${replyText(posted, ORIGIN)}`);
}

/** Whether a header with names, separated by commas, has one; `*` stands for all. */
function lists(header: string | null, name: string): boolean {
  const names = (header ?? '').split(',').map((entry) => entry.trim().toLowerCase());
  return names.includes('*') || names.includes(name);
}

/** Judges whether a browser can read a 202. */
export function judgeAccepted(reply: Reply): Answer {
  return answer('SLUICE_PROBE_CORS_ACCEPTED', isAccepted(reply), replyText(reply, ORIGIN));
}

/** Whether it is the 202 of the collector, which a browser may read. */
function isAccepted(reply: Reply): boolean {
  return reply.status === 202 && isFromCollector(reply) && readableBy(reply, ORIGIN);
}
