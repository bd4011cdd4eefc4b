import { gzipSync } from 'node:zlib';
import { type Answer, answer } from './Answer.ts';
import { BODY_BYTES, PACKED_EVENTS } from './limits.ts';
import { ORIGIN, postUrl, probeEvent, type Run } from './Run.ts';
import { isOurs, type Reply, readableBy, refusalCode, replyText, sendRequest } from './sendRequest.ts';

/** Headers that SDKs in browsers set: facts of js-client and statsig-js. */
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

const PATH = '/v1/sluice-probe';

/** Asks for the preflight of js-client. */
export async function askPreflight(run: Run): Promise<Answer> {
  const reply = await sendRequest({
    url: postUrl(run, PATH),
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
    reply.status === null ? replyText(reply) : `${reply.status}`,
    readableBy(reply, ORIGIN) ? 'CORS headers' : 'no CORS headers',
    ...(missing.length === 0 ? [] : [`not allowed: ${missing.join(' ')}`]),
  ].join(', ');
  return answer('SLUICE_PROBE_PREFLIGHT', fine && readableBy(reply, ORIGIN) && missing.length === 0, found);
}

function lists(header: string | null, name: string): boolean {
  const names = (header ?? '').split(',').map((one) => one.trim().toLowerCase());
  return names.includes('*') || names.includes(name);
}

/** What a browser sees of a 202, which some sample was answered. */
export function judgeAccepted(reply: Reply): Answer {
  const fine = reply.status === 202 && isOurs(reply) && readableBy(reply, ORIGIN);
  return answer('SLUICE_PROBE_CORS_ACCEPTED', fine, replyText(reply, ORIGIN));
}

/** Sends without a key: refused by us, whoever is let in. */
export async function askRefused(run: Run): Promise<Answer> {
  const reply = await sendRequest({
    url: postUrl(run, PATH),
    headers: { origin: ORIGIN, 'content-type': 'application/json' },
    body: Uint8Array.from(Buffer.from('{"events":[]}')),
  });
  const fine = reply.status === 401 && refusalCode(reply) !== null && readableBy(reply, ORIGIN);
  return answer('SLUICE_PROBE_CORS_REFUSED', fine, replyText(reply, ORIGIN));
}

/** The bodies around the limits; each holds one marked event and is padded with a member that nobody reads. */
export const sizes = [
  { code: 'SLUICE_PROBE_TEXT_UNDER_LIMIT', part: 'text_under_limit', bytes: BODY_BYTES.textUnderLimit },
  { code: 'SLUICE_PROBE_BINARY_UNDER_LIMIT', part: 'binary_under_limit', bytes: BODY_BYTES.binaryUnderLimit },
  { code: 'SLUICE_PROBE_OVER_LAMBDA_LIMIT', part: 'over_lambda_limit', bytes: BODY_BYTES.overLambdaLimit },
  { code: 'SLUICE_PROBE_OVER_GATEWAY_LIMIT', part: 'over_gateway_limit', bytes: BODY_BYTES.overGatewayLimit },
] as const;

/** A body of {@link sizes}. */
export type Size = (typeof sizes)[number];

/** Whether a body of this size is taken, by our reckoning. */
export function isUnderLimit({ part }: Size): boolean {
  return part.endsWith('_under_limit');
}

/** Sends a body of a size. */
export function sendSize(run: Run, { part, bytes }: Size): Promise<Reply> {
  const json = (padding: number) =>
    JSON.stringify({ events: [probeEvent(run, part, {})], padding: 'x'.repeat(padding) });
  const text = Buffer.from(json(bytes - Buffer.byteLength(json(0))));
  const binary = part === 'binary_under_limit';
  return sendRequest({
    url: postUrl(run, PATH),
    headers: {
      origin: ORIGIN,
      'statsig-api-key': run.key,
      ...(binary ? { 'content-encoding': 'gzip' } : {}),
      'content-type': 'application/json',
    },
    // Not compressed, but wrapped: the body has the size, and what is in it, too.
    body: Uint8Array.from(binary ? gzipSync(text, { level: 0 }) : text),
  });
}

/** What became of a body over a limit; that it has no row is seen later. */
export function judgeOverLimit(size: Size, reply: Reply): Answer {
  const fine = reply.status === 413 && readableBy(reply, ORIGIN);
  return answer(size.code, fine, replyText(reply, ORIGIN));
}

/** Part of the name of the events that are packed into records together. */
export const PACKED_PART = 'packed_records';

/** Sends as many events in one request as need two records. */
export function sendPacked(run: Run): Promise<Reply> {
  const events = Array.from({ length: PACKED_EVENTS }, (_, n) => probeEvent(run, PACKED_PART, {}, n));
  return sendRequest({
    url: postUrl(run, PATH),
    headers: { 'statsig-api-key': run.key, 'content-type': 'application/json' },
    body: Uint8Array.from(Buffer.from(JSON.stringify({ events }))),
  });
}
