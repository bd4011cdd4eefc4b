import { gzipSync, zstdCompressSync } from 'node:zlib';
import { ORIGIN, type Run } from './Answer.ts';
import type { QuestionCode } from './questions.ts';
import type { ProbeRequest } from './sendRequest.ts';

/** The path of the requests, which no SDK uses. */
const PROBE_PATH = '/v1/sluice-probe';

/** Name of a run's event: `sluice-probe:1f0c93ab:gzip_json`. */
export function eventName({ id }: Pick<Run, 'id'>, part: string): string {
  return `sluice-probe:${id}:${part}`;
}

/** The URL that events are posted to. */
export function postUrl(run: Run, query: Readonly<Record<string, string>> = {}): URL {
  const url = new URL(`${run.collector.replace(/\/+$/, '')}${PROBE_PATH}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url;
}

/** A body without an event. */
export const NO_EVENTS = Uint8Array.from(Buffer.from('{"events":[]}'));

/** An event that is sent, and its expected result. */
export interface SentEvent {
  /** The question that its answer decides. */
  readonly code: QuestionCode;
  /** The last part of its event's name. */
  readonly part: string;
  /** 202 with a row for its event, or 413 with none. */
  readonly status: 202 | 413;
  /** The text in its metadata, which the row must have unchanged. Default: it has none. */
  readonly text?: string;
}

/** A body with an event, as it is sent. */
export interface Body extends SentEvent {
  /** The request that sends it in a run. */
  request(run: Run): ProbeRequest;
}

/** What every code of a question begins with. */
const PREFIX = 'SLUICE_PROBE_';

/** `gzip_json` of `SLUICE_PROBE_GZIP_JSON`. */
function partOf(code: QuestionCode): string {
  return code.slice(PREFIX.length).toLowerCase();
}

/** A marked event, as an SDK would send it. */
function probeEvent(
  run: Run,
  part: string,
  members: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return {
    eventName: eventName(run, part),
    time: run.time,
    user: { userID: `sluice-probe-${run.id}` },
    metadata: {},
    ...members,
  };
}

/** One way in which SDKs and proxies send a body. */
interface Encoding {
  /** Headers besides those of every request. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
  /** If there is a query, the key is in it, too. */
  readonly query?: Readonly<Record<string, string>>;
  /** The text in the event's metadata. Default: none. */
  readonly text?: string;
  /** The bytes that are sent for the event's JSON. Default: its UTF-8. */
  readonly encode?: (json: string) => Uint8Array;
}

/** Characters of one to four bytes, and some that JSON escapes. */
export const TEXT = 'Grüße, 東京 🚀 "quoted" \\ a\ttab\nand a line';
/** Statsig's encoding supports Latin-1 only. */
const LATIN_1 = 'Grüße, "quoted" \\ a\ttab\nand a line';

/** A body in an encoding, with a text that shows whether it came unchanged. */
function encoded(
  code: QuestionCode,
  { headers = {}, query, text = TEXT, encode = (json) => Buffer.from(json) }: Encoding,
): Body {
  const part = partOf(code);
  return {
    code,
    part,
    status: 202,
    text,
    request: (run) => ({
      url: query === undefined ? postUrl(run) : postUrl(run, { ...query, k: run.keys.client }),
      headers: query === undefined ? { ...headers, 'statsig-api-key': run.keys.client } : headers,
      body: Uint8Array.from(
        encode(JSON.stringify({ events: [probeEvent(run, part, { metadata: { text } })] })),
      ),
    }),
  };
}

/** Content types that SDKs send. */
const JSON_TYPE = { 'content-type': 'application/json' };
/** The content type of a body that a browser sends without a preflight request. */
const TEXT_TYPE = { 'content-type': 'text/plain;charset=UTF-8' };

/** A body of a given size: one marked event and a padding member. */
function sized(code: QuestionCode, bytes: number, status: Body['status']): Body {
  const part = partOf(code);
  return {
    code,
    part,
    status,
    request(run) {
      const json = (padding: number) =>
        JSON.stringify({ events: [probeEvent(run, part, {})], padding: 'x'.repeat(padding) });
      return {
        url: postUrl(run),
        headers: { origin: ORIGIN, 'statsig-api-key': run.keys.client, ...JSON_TYPE },
        body: Uint8Array.from(Buffer.from(json(bytes - Buffer.byteLength(json(0))))),
      };
    },
  };
}

/** Bytes of a KiB. */
const KIB = 1_024;
/** Limit of a synchronous invocation: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LAMBDA_BYTES = 6 * KIB * KIB;

/** All bodies: one in each encoding of SDKs, and two around the limit of Lambda. */
export const bodies: readonly Body[] = [
  encoded('SLUICE_PROBE_PLAIN_JSON', { headers: JSON_TYPE }),
  encoded('SLUICE_PROBE_PLAIN_TEXT', { headers: { ...TEXT_TYPE, origin: ORIGIN }, query: {} }),
  encoded('SLUICE_PROBE_STATSIG_ENCODED', {
    headers: TEXT_TYPE,
    query: { se: '1' },
    text: LATIN_1,
    encode: (json) => Buffer.from(Buffer.from(json, 'latin1').toString('base64'), 'latin1').reverse(),
  }),
  encoded('SLUICE_PROBE_GZIP_JSON', {
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip' },
    encode: (json) => gzipSync(json),
  }),
  encoded('SLUICE_PROBE_GZIP_UNTYPED', { query: { gz: '1' }, encode: (json) => gzipSync(json) }),
  encoded('SLUICE_PROBE_ZSTD_JSON', {
    headers: { ...JSON_TYPE, 'content-encoding': 'zstd' },
    encode: (json) => zstdCompressSync(json),
  }),
  // Lambda also counts the event around the body: 64 KiB are left for that.
  sized('SLUICE_PROBE_TEXT_UNDER_LIMIT', LAMBDA_BYTES - 64 * KIB, 202),
  sized('SLUICE_PROBE_OVER_LAMBDA_LIMIT', LAMBDA_BYTES + 512 * KIB, 413),
];
