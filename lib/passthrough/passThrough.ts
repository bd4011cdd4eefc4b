import { hash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { SluiceError } from '../base/errors.ts';
import { failureFields } from '../base/log.ts';
import type { Clock } from '../base/time.ts';
import { readSdkKey, readSdkRequest } from '../protocols/statsig/statsigRequest.ts';
import { readBody } from '../wire/decodeBody.ts';
import type { KeyGate } from '../wire/keys/KeyGate.ts';
import { RequestError } from '../wire/RequestError.ts';
import { type HttpRequest, sdkLabel } from '../wire/sdkRequest.ts';
import type { AnswerCache, Read, ReadAnswer } from './AnswerCache.ts';
import { LAST_GOOD_CALL_MS, type LastGood, type RulesRead } from './LastGood.ts';
import { PassThroughError, PassThroughFailure, passThroughRefusal } from './PassThroughError.ts';
import { type ReadEndpoint, type ReadHost, readEndpoint } from './readEndpoint.ts';

/** Limits on the time and size of an answer. */
export interface ReadLimits {
  /** Epoch milliseconds by which it must be there, whole. */
  readonly deadline: number;
  /** Bytes of its body as they come. */
  readonly mostBytes: number;
}

/**
 * Sends a read, and follows no redirect.
 *
 * @throws PassThroughFailure `SLUICE_PASS_THROUGH_UNREACHABLE`; PassThroughError `SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE`.
 */
export type SendRead = (read: Read, limits: ReadLimits) => Promise<ReadAnswer>;

/** Dependencies of passing reads on: made once, used for every request. */
export interface PassThrough {
  /** Where each kind of read goes: an origin, or a base without a slash at its end. */
  readonly hosts: Readonly<Record<ReadHost, string>>;
  readonly keys: KeyGate;
  readonly cache: AnswerCache;
  /** The last good rules. Default none are kept. */
  readonly lastGood?: LastGood;
  readonly send: SendRead;
  /** The path below which reads are answered, too, without a slash at its end. Default none. */
  readonly path?: string | undefined;
  readonly clock: Clock;
  readonly log: (fields: Record<string, unknown>) => void;
}

/** Statsig's hosts: the CDN of rules and ID lists, and the API. docs.statsig.com/infrastructure/statsig_domains */
export const STATSIG_HOSTS: PassThrough['hosts'] = {
  cdn: 'https://api.statsigcdn.com',
  api: 'https://statsigapi.net',
};

/** An answer of the function. */
export interface PassedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** An `initialize` has one user: real ones have a few kilobytes. */
const MOST_REQUEST_BYTES = 1024 * 1024;
/** Characters of a query. Queries of SDKs have about 200. */
const MOST_QUERY = 8 * 1024;
/**
 * Bytes of an answer's body. Lambda passes on 6 MB with the JSON around it, in which the body is base64:
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const MOST_ANSWER_BYTES = Math.floor(((6 * 1024 * 1024 - 16 * 1024) * 3) / 4);

/** Headers that ask for an answer only if it is another than the one that the caller has. */
const CONDITIONS: readonly string[] = ['if-none-match', 'if-modified-since', 'x-since-time'];

/**
 * Headers that are passed on. The client's address and its user agent decide the country and browser in the answer to
 * `initialize` (docs.statsig.com/sdks/user), so they are those of the caller, as Statsig's example of a proxy passes them
 * on (docs.statsig.com/custom_proxy). Never: cookies, the host, and anything of the gateway's.
 */
const SENT_HEADERS: readonly string[] = [
  ...['accept', 'accept-encoding', 'accept-language', 'content-encoding', 'content-type'],
  ...['if-range', 'range', 'user-agent', 'x-forwarded-for', 'x-request-service'],
  ...CONDITIONS,
];
/** `statsig-api-key`, `statsig-sdk-type`, `statsig-supports-proto` and whatever else SDKs send. */
const STATSIG_HEADER = /^statsig-[a-z-]{1,60}$/;

/**
 * Headers of an answer that SDKs read (statsig-rust, spec_store.rs: `x-deltas-used`), or that say what the body is. No
 * cookie, no redirect, no policy of another site.
 */
const PASSED_HEADERS: readonly string[] = [
  ...['accept-ranges', 'content-encoding', 'content-range', 'content-type', 'etag', 'last-modified'],
  ...['retry-after', 'x-cache-hit', 'x-checksum', 'x-deltas-used', 'x-since-time'],
];
/** Content types of rules, evaluations and ID lists. Anything else would be a page of another site on your address. */
const KNOWN_TYPE = /^(?:application\/(?:json|octet-stream|x-protobuf|protobuf)|text\/plain)\s*(?:;|$)/i;

/**
 * Answers one read of an SDK: with an answer of the last seconds, or by asking Statsig with the caller's key. Nothing of a
 * request decides the host, and no log contains its path, key, query or body.
 *
 * @param latest Epoch milliseconds by which Statsig's answer must be there.
 */
export async function passThrough(
  http: HttpRequest,
  ports: PassThrough,
  latest: number,
): Promise<PassedAnswer> {
  const { keys, clock, log } = ports;
  const startedAt = clock.now();
  const { method, path, requestId, sdkType, sdkVersion } = readSdkRequest(http);
  const endpoint = readEndpoint(method, path, ports.path);
  const about: Record<string, unknown> = {
    ...{ event: 'pass_through', endpoint: endpoint?.name ?? 'none', sdk: sdkLabel(sdkType, sdkVersion) },
    ...(requestId === null ? {} : { request_id: requestId }),
  };
  try {
    if (endpoint === undefined) throw new PassThroughError('SLUICE_PASS_THROUGH_NOT_READ');
    const keyText = callersKey(http, endpoint);
    const key = await keys.admit(keyText, latest);
    about['key'] = key.label;
    keys.spend(key);
    if (key.kinds.length === 0) throw new RequestError('SLUICE_KEY_NOT_FOR_EVENTS');
    const read = makeRead(http, endpoint, ports.hosts[endpoint.host]);
    const rules = ports.lastGood?.rulesRead(read, endpoint, keyText ?? '') ?? null;
    const { answer: asked, isCached } = await answerRead(read, endpoint, rules, ports, latest);
    const answer = acceptsGzip(http.headers['accept-encoding'] ?? '') ? asked : inflated(asked);
    const { status, body } = answer;
    log({
      level: status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info',
      ...{ ...about, status, cached: isCached, bytes: body.length, ms: clock.now() - startedAt },
      ...(answer.headers['x-sluice-rules'] === undefined ? {} : { rules: answer.headers['x-sluice-rules'] }),
    });
    return answer;
  } catch (error) {
    const ours = error instanceof SluiceError ? error : new PassThroughFailure('SLUICE_PASS_THROUGH_FAILED');
    const { status, body } = passThroughRefusal(ours);
    log({
      level: status >= 500 ? 'error' : 'warn',
      ...{ ...about, status, code: ours.code, ms: clock.now() - startedAt },
      ...(error === ours ? { detail: ours.detail } : failureFields(error)),
    });
    return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(body) };
  } finally {
    await keys.settled();
  }
}

/** @throws PassThroughError `SLUICE_PASS_THROUGH_KEYS_DIFFER`. */
function callersKey({ headers, rawQueryString }: HttpRequest, endpoint: ReadEndpoint): string | null {
  const query = new URLSearchParams(rawQueryString);
  const own = endpoint.key === null ? {} : { 'statsig-api-key': endpoint.key };
  const found = [readSdkKey(own, new URLSearchParams()), readSdkKey(headers, new URLSearchParams())];
  const stated = query.getAll('k').map((k) => readSdkKey({}, new URLSearchParams({ k })));
  const all = new Set([...found, ...stated].filter((key) => key !== null));
  if (all.size > 1) throw new PassThroughError('SLUICE_PASS_THROUGH_KEYS_DIFFER');
  return [...all][0] ?? null;
}

/** @throws PassThroughError `SLUICE_PASS_THROUGH_REQUEST_INVALID`, `SLUICE_PASS_THROUGH_REQUEST_TOO_LARGE`. */
function makeRead(http: HttpRequest, endpoint: ReadEndpoint, base: string): Read {
  const { rawQueryString, headers, requestContext } = http;
  if (rawQueryString.length > MOST_QUERY || /[^\x21-\x7e]|#/.test(rawQueryString))
    throw new PassThroughError('SLUICE_PASS_THROUGH_REQUEST_INVALID', 'The query.');
  const body = readBody(http);
  if (body === null) throw new PassThroughError('SLUICE_PASS_THROUGH_REQUEST_INVALID', 'The body.');
  if (body.length > MOST_REQUEST_BYTES)
    throw new PassThroughError(
      'SLUICE_PASS_THROUGH_REQUEST_TOO_LARGE',
      `${body.length} bytes, at most ${MOST_REQUEST_BYTES}.`,
    );
  const sent = Object.entries(headers).flatMap(([name, value]) =>
    (SENT_HEADERS.includes(name) || STATSIG_HEADER.test(name)) && value !== undefined && value !== ''
      ? [[name, value]]
      : [],
  );
  // The gateway adds the caller to the header; a gateway that does not still knows the address.
  const { sourceIp = '' } = requestContext.http;
  const url = new URL(`${base}${endpoint.path}${rawQueryString === '' ? '' : `?${rawQueryString}`}`);
  return {
    method: requestContext.http.method,
    url,
    headers: {
      ...(sourceIp === '' ? {} : { 'x-forwarded-for': sourceIp }),
      ...Object.fromEntries(sent),
      'accept-encoding': askedEncoding(headers),
    },
    body: body.length === 0 ? null : body,
  };
}

async function answerRead(
  read: Read,
  endpoint: ReadEndpoint,
  rules: RulesRead | null,
  ports: PassThrough,
  deadline: number,
): Promise<{ readonly answer: ReadAnswer; readonly isCached: boolean }> {
  const { cache } = ports;
  const key = endpoint.isCached ? cacheKey(read, endpoint) : null;
  const known = key === null ? undefined : cache.get(key);
  if (known !== undefined) return { answer: known, isCached: true };
  const answer =
    rules === null
      ? (await ask(read, ports, deadline)).answer
      : await askForRules(read, rules, ports, deadline);
  if (key !== null && (answer.status === 200 || answer.status === 304)) cache.set(key, answer);
  return { answer, isCached: false };
}

async function ask(read: Read, { send }: PassThrough, deadline: number) {
  const isConditional = CONDITIONS.some((name) => read.headers[name] !== undefined);
  const answer = await send(read, { deadline, mostBytes: MOST_ANSWER_BYTES });
  return { answer: harmless(answer, isConditional), type: answer.headers['content-type'] ?? '' };
}

/**
 * Asks for rules, and keeps them. If Statsig fails, a caller without rules gets the last good ones; one with rules goes on with
 * its own. Pinned rules are given to all, without asking. A Statsig that did not answer is given a second first, for a while,
 * so that SDKs that start do not each wait for it: many give up on their rules after three.
 */
async function askForRules(
  read: Read,
  rules: RulesRead,
  ports: PassThrough,
  deadline: number,
): Promise<ReadAnswer> {
  const { lastGood } = ports;
  const pinned = lastGood?.isPinned === true ? await lastGood.find(rules, false) : null;
  if (pinned !== null) return pinned;
  const whole = deadline - LAST_GOOD_CALL_MS;
  const soonMs = lastGood?.soonMs(rules) ?? null;
  if (soonMs !== null) {
    const soon = await askOnce(read, rules, ports, Math.min(whole, ports.clock.now() + soonMs));
    const first = soon.isFailed ? await lastGood?.find(rules, true) : soon.answer;
    if (first != null) return first;
  }
  const { answer, isFailed, failure } = await askOnce(read, rules, ports, whole);
  if (answer === null) lastGood?.answered(false);
  const kept = isFailed && !rules.isPoll ? ((await lastGood?.find(rules, true)) ?? null) : null;
  if (kept !== null) return kept;
  if (answer === null) throw failure;
  return answer;
}

/** Asks for rules, and keeps what comes. */
async function askOnce(read: Read, rules: RulesRead, ports: PassThrough, deadline: number) {
  try {
    const { answer, type } = await ask(read, ports, deadline);
    ports.lastGood?.answered(true);
    const isFailed = answer.status >= 500 || answer.status === 429;
    if (!isFailed) await ports.lastGood?.keep(rules, answer, type);
    return { answer, isFailed, failure: null };
  } catch (failure) {
    return { answer: null, isFailed: true, failure };
  }
}

/** Codings of a header `Accept-Encoding`, without those that are refused by `q=0`. */
function acceptedCodings(header: string): string[] {
  return header
    .toLowerCase()
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '' && !/;\s*q=0(?:\.0*)?$/.test(one));
}

function acceptsGzip(header: string): boolean {
  const codings = acceptedCodings(header).map((one) => one.replace(/\s*;.*/, ''));
  return codings.includes('gzip') || (codings.includes('*') && !/\bgzip\b/i.test(header));
}

/**
 * The `accept-encoding` sent to Statsig. It always allows gzip, also for the few callers that do not, to transfer and
 * cache fewer bytes. A range counts encoded bytes, so a read with one keeps the caller's encoding.
 */
function askedEncoding({ 'accept-encoding': header = '', range }: HttpRequest['headers']): string {
  if (range !== undefined) return header === '' ? 'identity' : header;
  if (acceptsGzip(header)) return header;
  const others = acceptedCodings(header).filter((one) => !/^(?:identity|\*)\s*(?:;|$)/.test(one));
  return [...others, 'gzip'].join(', ');
}

/**
 * An answer for a caller who takes no gzip.
 *
 * @throws PassThroughError `SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE`; PassThroughFailure `SLUICE_PASS_THROUGH_UNREACHABLE`.
 */
function inflated(answer: ReadAnswer): ReadAnswer {
  const { 'content-encoding': coding, ...headers } = answer.headers;
  if (coding?.toLowerCase() !== 'gzip' || answer.status === 206 || answer.body.length === 0) return answer;
  try {
    return { ...answer, headers, body: gunzipSync(answer.body, { maxOutputLength: MOST_ANSWER_BYTES }) };
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ERR_BUFFER_TOO_LARGE')
      throw new PassThroughError(
        'SLUICE_PASS_THROUGH_ANSWER_TOO_LARGE',
        `More than ${MOST_ANSWER_BYTES} bytes.`,
      );
    throw new PassThroughFailure('SLUICE_PASS_THROUGH_UNREACHABLE', 'Its answer is not gzip.', {
      cause: error,
    });
  }
}

/** Headers on which no answer depends: the sender's clock and session. */
const NO_PART_OF_KEY = ['statsig-client-time', 'statsig-server-session-id'];
/** Headers from which Statsig derives facts about the caller. Only evaluations depend on them. */
const OF_THE_CALLER = ['accept-language', 'user-agent', 'x-forwarded-for'];

/** A hash of all that an answer depends on. Keys and users are not kept as they are. */
function cacheKey({ method, url, headers, body }: Read, { isPersonal }: ReadEndpoint): string {
  const ignored = isPersonal ? NO_PART_OF_KEY : [...NO_PART_OF_KEY, ...OF_THE_CALLER];
  const parts = Object.entries(headers)
    .filter(([name]) => !ignored.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify([method, url.href, parts, body === null ? '' : hash('sha256', body)]));
}

/**
 * Keeps only safe headers of an answer, so that the host can do nothing but answer.
 *
 * @param isConditional Whether 304 answers the read; to any other it would be a redirect to nowhere.
 * @throws PassThroughFailure `SLUICE_PASS_THROUGH_REDIRECTED`, `SLUICE_PASS_THROUGH_UNREACHABLE` for an invalid status.
 */
function harmless({ status, headers, body }: ReadAnswer, isConditional: boolean): ReadAnswer {
  const isUnchanged = status === 304 && isConditional;
  if (status >= 300 && status < 400 && !isUnchanged)
    throw new PassThroughFailure('SLUICE_PASS_THROUGH_REDIRECTED', `It answered ${status}.`);
  if (status < 200 || status > 599)
    throw new PassThroughFailure('SLUICE_PASS_THROUGH_UNREACHABLE', `It answered ${status}.`);
  const passed = PASSED_HEADERS.flatMap((name) => {
    const value = headers[name];
    return value === undefined || !/^[\x20-\x7e]{1,500}$/.test(value) ? [] : [[name, value]];
  });
  const type = headers['content-type'] ?? '';
  return {
    status,
    headers: {
      ...Object.fromEntries(passed),
      // 304 has no body whose type could be stated.
      ...(isUnchanged ? {} : { 'content-type': KNOWN_TYPE.test(type) ? type : 'application/octet-stream' }),
      'x-content-type-options': 'nosniff',
    },
    body,
  };
}
