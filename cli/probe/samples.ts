import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { bodyQuestions } from './questions.ts';
import { ORIGIN, postUrl, probeEvent, type Run } from './Run.ts';
import type { ProbeRequest } from './sendRequest.ts';

/** One way in which SDKs and proxies send a body. */
export interface Sample {
  readonly code: keyof typeof bodyQuestions;
  /** Last part of its event's name. */
  readonly part: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Where the request has the key. */
  readonly key: 'header' | 'query';
  /** The text in its metadata, which the row must have unchanged. */
  readonly text: string;
  readonly encode: (json: string) => Uint8Array;
}

/** Characters of one to four bytes, and some that JSON escapes. */
const TEXT = 'Grüße, 東京 🚀 "quoted" \\ a\ttab\nand a line';
/** Statsig's encoding supports Latin-1 only. */
const LATIN_1 = 'Grüße, "quoted" \\ a\ttab\nand a line';

const JSON_TYPE = { 'content-type': 'application/json' };
const TEXT_TYPE = { 'content-type': 'text/plain;charset=UTF-8' };
const plain = (json: string) => Buffer.from(json);

const PREFIX = 'SLUICE_PROBE_';

function sample(code: Sample['code'], rest: Partial<Omit<Sample, 'code' | 'part'>>): Sample {
  return {
    code,
    part: code.slice(PREFIX.length).toLowerCase(),
    headers: {},
    query: {},
    key: 'header',
    text: TEXT,
    encode: plain,
    ...rest,
  };
}

const encoded = (contentEncoding: string) => ({
  headers: { ...JSON_TYPE, 'content-encoding': contentEncoding },
});

/** One sample for each way. */
export const samples: readonly Sample[] = [
  sample('SLUICE_PROBE_PLAIN_JSON', { headers: JSON_TYPE }),
  sample('SLUICE_PROBE_PLAIN_TEXT', { headers: { ...TEXT_TYPE, origin: ORIGIN }, key: 'query' }),
  sample('SLUICE_PROBE_STATSIG_ENCODED', {
    headers: TEXT_TYPE,
    query: { se: '1' },
    key: 'query',
    text: LATIN_1,
    encode: (json) => Buffer.from(Buffer.from(json, 'latin1').toString('base64'), 'latin1').reverse(),
  }),
  sample('SLUICE_PROBE_GZIP_JSON', { ...encoded('gzip'), encode: (json) => gzipSync(json) }),
  sample('SLUICE_PROBE_GZIP_UNTYPED', {
    query: { gz: '1' },
    key: 'query',
    encode: (json) => gzipSync(json),
  }),
  sample('SLUICE_PROBE_ZSTD_JSON', { ...encoded('zstd'), encode: (json) => zstdCompressSync(json) }),
];

/** The request of a sample. */
export function sampleRequest(run: Run, { part, headers, query, key, text, encode }: Sample): ProbeRequest {
  const json = JSON.stringify({ events: [probeEvent(run, part, { text })] });
  return {
    url: postUrl(run, key === 'query' ? { ...query, k: run.key } : query),
    headers: key === 'header' ? { ...headers, 'statsig-api-key': run.key } : headers,
    body: Uint8Array.from(encode(json)),
  };
}
