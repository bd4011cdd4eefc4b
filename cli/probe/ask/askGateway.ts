import { type Answer, answer } from '../Answer.ts';
import { bodyQuestions, gatewayQuestions } from '../questions.ts';
import { ORIGIN, PROBE_PATH, postUrl, type Run } from '../Run.ts';
import {
  isFromCollector,
  type Reply,
  readableBy,
  refusalCode,
  replyText,
  sendRequest,
} from '../sendRequest.ts';

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
    url: postUrl(run, PROBE_PATH),
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

/** Judges whether a browser can read a 202, which some sample got. */
export function judgeAccepted(reply: Reply): Answer {
  const fine = reply.status === 202 && isFromCollector(reply) && readableBy(reply, ORIGIN);
  return answer('SLUICE_PROBE_CORS_ACCEPTED', fine, replyText(reply, ORIGIN));
}

/** Sends a request without a key, which the collector always refuses. */
export async function askRefused(run: Run): Promise<Answer> {
  const reply = await sendRequest({
    url: postUrl(run, PROBE_PATH),
    headers: { origin: ORIGIN, 'content-type': 'application/json' },
    body: Uint8Array.from(Buffer.from('{"events":[]}')),
  });
  const fine = reply.status === 401 && refusalCode(reply) !== null && readableBy(reply, ORIGIN);
  return answer('SLUICE_PROBE_CORS_REFUSED', fine, replyText(reply, ORIGIN));
}

/** A path of Statsig's API, which the collector refuses with a code of its own if it receives it unchanged. */
const RESERVED_PATH = '/v1/initialize';

/**
 * Asks through the user's own URL whether the collector receives paths unchanged.
 *
 * @param others The other answers through that URL.
 */
export async function askDomain(run: Run, others: readonly Answer[]): Promise<Answer> {
  const reply = await sendRequest({
    url: postUrl(run, RESERVED_PATH),
    headers: { origin: ORIGIN, 'content-type': 'application/json', 'statsig-api-key': run.key },
    body: Uint8Array.from(Buffer.from('{"events":[]}')),
  });
  const unchanged = refusalCode(reply) === 'SLUICE_PATH_RESERVED';
  const asked = others.filter(({ code }) => code in bodyQuestions || code in gatewayQuestions);
  const otherwise = asked.filter(({ verdict }) => verdict === 'otherwise');
  const expected = asked.filter(({ verdict }) => verdict === 'expected');
  const found = [
    unchanged ? 'paths unchanged' : `${RESERVED_PATH}: ${replyText(reply)}`,
    `${expected.length} answers as expected`,
    ...(otherwise.length === 0 ? [] : [`otherwise: ${otherwise.map(({ code }) => code).join(' ')}`]),
  ].join(', ');
  return answer('SLUICE_PROBE_CUSTOM_DOMAIN', unchanged && otherwise.length === 0, found);
}
