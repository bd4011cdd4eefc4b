import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readSender } from '../../../functions/pass-through/sendRead.ts';
import { systemClock } from '../../../lib/base/time.ts';
import { AnswerCache } from '../../../lib/passthrough/AnswerCache.ts';
import { LastGood } from '../../../lib/passthrough/LastGood.ts';
import { PassThroughFailure } from '../../../lib/passthrough/PassThroughError.ts';
import { passThrough } from '../../../lib/passthrough/passThrough.ts';
import type { LastGoodUse } from '../../../lib/schema/endpoint.ts';
import { KeyCache } from '../../../lib/wire/keys/KeyCache.ts';
import { KeyGate } from '../../../lib/wire/keys/KeyGate.ts';
import { startUpstream } from './startUpstream.ts';

const SECRET = 'secret-of-the-server-0123';
const OTHER = 'secret-of-another-server';
const CLIENT = 'client-of-everybody';
const NOW = Date.UTC(2026, 10, 20);

const upstream = await startUpstream((_, response) => response.end());
afterAll(() => upstream.close());

let now = NOW;
let objects: Map<string, Uint8Array>;
let logged: Record<string, unknown>[];
let metrics: Record<string, unknown>[];
/** Version of the rules at Statsig; null: it fails. */
let rules: string | null;
/** How the body is sent. */
let coding: 'gzip' | undefined;
let isDelta: boolean;

beforeEach(() => {
  [now, rules, coding, isDelta] = [NOW, 'one', undefined, false];
  [objects, logged, metrics] = [new Map(), [], []];
  upstream.requests.length = 0;
  upstream.answer = ({ target }, response) => {
    if (rules === null) return void response.writeHead(500).end('{}');
    const since = Number(new URL(target, 'http://x').searchParams.get('sinceTime') ?? 0);
    const isNew = since < Date.parse('2026-11-19');
    const specs = isNew ? { has_updates: true, rules } : { has_updates: false };
    const text = JSON.stringify(target.includes('id_lists') ? { vips: { name: 'vips' } } : specs);
    response.setHeader('content-type', 'application/json');
    if (isDelta) response.setHeader('x-deltas-used', 'true');
    if (coding === 'gzip') response.setHeader('content-encoding', 'gzip');
    response.end(coding === 'gzip' ? gzipSync(text) : text);
  };
});

/** An execution environment: its bucket is everybody's, its memory its own. */
function environment({
  use = 'on-failure' as LastGoodUse,
  write = async (key: string, body: Uint8Array, how: 'new' | 'over') => {
    if (how === 'over' || !objects.has(key)) objects.set(key, body);
  },
  read = async (key: string) => objects.get(key) ?? null,
  send = readSender(systemClock),
  startedAt = () => systemClock.now(),
} = {}) {
  const clock = { now: () => now };
  const log = (line: Record<string, unknown>) => void logged.push(line);
  const keyOf = (key: string) => createHash('sha256').update(key).digest('hex');
  const ports = {
    hosts: { cdn: upstream.url, api: upstream.url },
    keys: new KeyGate({
      configured: [SECRET, OTHER, CLIENT].map((key) => ({
        label: 'server',
        sha256: keyOf(key),
        kinds: ['events'],
      })),
      cache: new KeyCache({ read: async () => '{"keys":[]}', clock, random: () => 0.5, log }),
      allowAnyKey: false,
      limit: { perSecond: 1_000, burst: 1_000 },
      clock,
    }),
    cache: new AnswerCache(0, clock),
    lastGood: new LastGood({
      ...{ use, read, write, clock, random: () => 0.5, log, stage: 'test' },
      writeMetrics: (line) => void metrics.push(line),
    }),
    send,
    ...{ clock, log },
  };
  return async (query = '', more: { key?: string; headers?: Record<string, string>; name?: string } = {}) => {
    const { key = SECRET, headers = {}, name = 'download_config_specs' } = more;
    const http = {
      ...{ rawPath: `/v1/${name}`, rawQueryString: query, isBase64Encoded: false },
      headers: { 'statsig-api-key': key, 'accept-encoding': 'gzip', ...headers },
      requestContext: { http: { method: 'GET' } },
    };
    const answer = await passThrough(http, ports, startedAt() + 5_000);
    return { ...answer, text: Buffer.from(answer.body).toString() };
  };
}

describe('the last good rules', () => {
  it('start an SDK while Statsig fails, in any execution environment, byte for byte, with their age', async () => {
    coding = 'gzip';
    const first = await environment()('sinceTime=0', { headers: { 'statsig-sdk-version': '1' } });
    expect(first.headers['age']).toBeUndefined();
    rules = null;
    now += 3_600_000;
    const again = await environment()('', { headers: { 'statsig-sdk-version': '2' } });
    expect(again).toMatchObject({ status: 200, body: first.body });
    expect(again.headers).toMatchObject({
      age: '3600',
      'x-sluice-rules': 'last-good',
      'content-encoding': 'gzip',
    });
    expect(metrics).toMatchObject([
      { function: 'pass-through', stage: 'test', last_good_served: 1, last_good_age: 3_600 },
    ]);
    expect(logged.at(-1)).toMatchObject({ status: 200, rules: 'last-good' });
  });

  it('start SDKs within a second each after Statsig hung once, and never in place of an answer in time', async () => {
    const answers = readSender(systemClock);
    /** Milliseconds that each read took, by a Statsig that answers after `takes`. */
    const waited: number[] = [];
    let takes = Number.POSITIVE_INFINITY;
    const slow: typeof answers = async (read, limits) => {
      const ms = Math.min(takes, limits.deadline - now);
      waited.push(ms);
      now += ms;
      if (ms < takes) throw new PassThroughFailure('SLUICE_PASS_THROUGH_UNREACHABLE');
      return answers(read, { ...limits, deadline: systemClock.now() + 5_000 });
    };
    await environment()();
    const start = environment({ send: slow, startedAt: () => now });
    const rulesOf = async () => (await start()).headers['x-sluice-rules'] ?? 'new';
    expect([await rulesOf(), await rulesOf(), await rulesOf()]).toEqual(Array(3).fill('last-good'));
    expect(waited).toEqual([3_500, 1_000, 1_000]);
    // Nothing is kept for this key: Statsig has its whole time.
    expect((await start('', { key: OTHER })).status).toBe(503);
    expect(waited.slice(3)).toEqual([1_000, 2_500]);
    // Slower than a second: asked with its whole time again after a pause, and from then on.
    takes = 2_000;
    expect(await rulesOf()).toBe('last-good');
    now += 60_000;
    expect([await rulesOf(), await rulesOf()]).toEqual(['new', 'new']);
    // Quick in the pause: at once.
    takes = Number.POSITIVE_INFINITY;
    expect(await rulesOf()).toBe('last-good');
    takes = 900;
    expect([await rulesOf(), await rulesOf()]).toEqual(['new', 'new']);
    expect(logged.flatMap(({ event, state }) => (event === 'statsig_breaker' ? [state] : []))).toEqual([
      'open',
      'closed',
      'open',
      'closed',
    ]);
  });

  it('are those of the key, and of the form that is asked for', async () => {
    await environment()();
    rules = null;
    expect((await environment()('', { key: OTHER })).status).toBe(500);
    expect((await environment()('', { headers: { 'statsig-supports-proto': '1' } })).status).toBe(500);
    expect((await environment()()).status).toBe(200);
  });

  it('are not given to an SDK that has rules: it goes on with its own', async () => {
    await environment()();
    rules = null;
    expect((await environment()(`sinceTime=${NOW}`)).status).toBe(500);
    expect((await environment()('', { headers: { 'if-none-match': '"1"' } })).status).toBe(500);
    expect(metrics).toEqual([]);
  });

  it('are the newest whole ones: neither a delta nor the word that nothing is new replaces them', async () => {
    const read = environment();
    await read();
    await read(`sinceTime=${NOW}`);
    isDelta = true;
    rules = 'delta';
    await read('sinceTime=17');
    isDelta = false;
    rules = null;
    expect((await environment()()).text).toContain('"one"');
    rules = 'two';
    await read('sinceTime=17');
    rules = null;
    expect((await environment()()).text).toContain('"two"');
  });

  it('are written again when they change, and every ten minutes', async () => {
    let writes = 0;
    const read = environment({
      write: async () => {
        writes += 1;
      },
    });
    for (const [minutes, version] of [
      [0, 'one'],
      [1, 'one'],
      [1, 'two'],
      [10, 'two'],
      [11, 'two'],
    ] as const) {
      now = NOW + minutes * 60_000;
      rules = version;
      await read();
    }
    expect(writes).toBe(3);
  });

  it('include ID lists, and nothing that depends on a user', async () => {
    await environment()('', { name: 'get_id_lists' });
    expect(objects.size).toBe(1);
    rules = null;
    expect((await environment()('', { name: 'get_id_lists' })).status).toBe(200);
  });

  it('stay as they are where they are pinned, and Statsig is not asked', async () => {
    const pinned = environment({ use: 'always' });
    expect((await pinned()).text).toContain('"one"');
    rules = 'two';
    upstream.requests.length = 0;
    for (const query of ['', `sinceTime=${NOW}`])
      expect(await environment({ use: 'always' })(query)).toMatchObject({
        text: expect.stringContaining('"one"'),
        headers: { 'x-sluice-rules': 'pinned' },
      });
    expect([upstream.requests, metrics.some((line) => 'last_good_served' in line)]).toEqual([[], false]);
  });

  it('stay pinned though the bucket could not be read once', async () => {
    await environment({ use: 'always' })();
    rules = 'two';
    const failing = async () => {
      throw new Error('no bucket');
    };
    expect((await environment({ use: 'always', read: failing })()).text).toContain('"two"');
    expect((await environment({ use: 'always' })()).text).toContain('"one"');
  });

  it.each([
    ['a page', 'text/html', 'We are back soon.', undefined],
    ['nothing', 'application/octet-stream', '', undefined],
    ['no rules', 'application/json', '{}', undefined],
    ['an error', 'application/json', '{"error":"later"}', undefined],
    ['half of a body', 'application/json', gzipSync('{"has_updates":true}').subarray(0, 20), 'gzip'],
  ])('are not replaced by %s that Statsig answers with 200', async (_, type, body, encoding) => {
    await environment()();
    const { answer } = upstream;
    upstream.answer = (__, response) => {
      response.setHeader('content-type', type);
      if (encoding !== undefined) response.setHeader('content-encoding', encoding);
      response.end(body);
    };
    expect((await environment()()).status).toBe(200);
    upstream.answer = answer;
    rules = null;
    expect((await environment()()).text).toContain('"one"');
  });

  it('are not kept for keys that anybody can have, nor again for other words of a header', async () => {
    await environment()('', { key: CLIENT });
    expect(objects.size).toBe(0);
    for (const accept of ['a/b', 'c/d', '*/*']) await environment()('', { headers: { accept } });
    expect(objects.size).toBe(1);
  });

  it('are not kept where the configuration says never', async () => {
    await environment({ use: 'never' })();
    rules = null;
    expect([(await environment({ use: 'never' })()).status, objects.size]).toEqual([500, 0]);
  });

  it('change no answer when the bucket fails', async () => {
    const failing = async () => {
      throw new Error('no bucket');
    };
    expect((await environment({ write: failing })()).status).toBe(200);
    expect(logged[0]).toMatchObject({ event: 'last_good', kept: false, error: 'Error' });
  });
});
