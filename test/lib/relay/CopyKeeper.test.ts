import { hash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import { collectPlan } from '../../../lib/collect/rows/plan.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { CopyKeeper } from '../../../lib/relay/CopyKeeper.ts';
import { type RelayCopy, readRelayCopy, readRelayedKey } from '../../../lib/relay/RelayCopy.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import type { HttpRequest } from '../../../lib/wire/sdkRequest.ts';
import { NOW, request, type Sent, startCollector } from '../collect/startCollector.ts';

type RelayInput = Partial<Omit<NonNullable<ConfigInput['relay']>, 'statsig'>>;

/** A collector that relays to lists. @param away Which of the two does not take copies: it fails, or hangs until its timeout. */
function start(
  relay: RelayInput = {},
  more: Partial<ConfigInput> = {},
  away: { queue?: 'fails' | 'hangs'; bucket?: 'fails' | 'hangs' } = {},
) {
  const input = { relay: { statsig: true as const, ...relay }, ...more };
  const config = defineConfig({ bucket: 'bucket', ...input });
  const { relay: chosen } = config;
  if (chosen === undefined) throw new Error('nothing is relayed');
  const calls: string[] = [];
  const queued: RelayCopy[] = [];
  const stored: RelayCopy[] = [];
  const named: string[] = [];
  let made = 0;
  const nonce = () => {
    made += 1;
    return String(made).padStart(24, '0');
  };
  const collector = startCollector({
    config: more,
    parts: (clock) => {
      const plan = collectPlan(config);
      const take = (to: 'queue' | 'bucket', list: RelayCopy[]) => (text: string, timeoutMs: number) => {
        calls.push(to);
        if (away[to] === 'hangs') clock.advance(timeoutMs);
        if (away[to] !== undefined) throw new TypeError(`${to} is away`);
        const copy = readRelayCopy(text);
        if (copy !== null) list.push(copy);
        const key = readRelayedKey(text);
        if (key !== null) named.push(key);
      };
      const send = take('queue', queued);
      const put = take('bucket', stored);
      return {
        relay: new CopyKeeper({
          choice: chosen,
          redaction: plan.redaction,
          send: async (text, timeoutMs) => send(text, timeoutMs),
          put: async (_, text, timeoutMs) => put(text, timeoutMs),
          nonce,
          clock,
          random: () => 0.5,
          log: () => {},
        }),
      };
    },
  });
  const post = (sent: Sent) => collector.send(request(sent));
  return { ...collector, post, queued, stored, named, calls, away };
}

const events = [
  { eventName: 'bought', user: { userID: 'u1', email: 'a@b.c' }, value: 1.5 },
  { eventName: 'auto_capture::click', user: { userID: 'u2' } },
  { eventName: 'statsig::gate_exposure', metadata: { gate: 'g', ruleID: 'r', gateValue: 'true' } },
  { eventName: 'statsig::config_exposure', metadata: { config: 'checkout', ruleID: 'r' } },
];
const body = JSON.stringify({ statsigMetadata: { stableID: 's' }, events, user: { privateAttributes: {} } });

/** Keeps the same copy at each call, by a deadline. */
function keeping(more: Partial<ConstructorParameters<typeof CopyKeeper>[0]>, query = '') {
  const keeper = new CopyKeeper({
    choice: { required: false, redacted: false },
    redaction: null,
    send: async () => {},
    put: async () => {},
    nonce: () => '0'.repeat(24),
    clock: { now: () => NOW },
    random: () => 0.5,
    log: () => {},
    ...more,
  });
  const decoded = {
    text: body,
    bytes: body.length,
    encoding: { layers: [], isStatsigEncoded: false },
    repaired: false,
  };
  return (deadline: number) =>
    keeper.keep({ http: request({ body, query }), body: Buffer.from(body), decoded }, deadline);
}

const bodyOf = ([copy]: readonly RelayCopy[]) => Buffer.from(copy?.body ?? '').toString();
/** The request of a sender with an address. */
function from(http: HttpRequest): HttpRequest {
  Object.assign(http.requestContext.http, { sourceIp: '203.0.113.7' });
  return http;
}
const salt = 'a salt of sixteen characters';

describe('the copy of a request', () => {
  it('is kept as it was sent, once, with its rows', async () => {
    const { send, queued, rows, metrics } = start();
    const http = request({
      body,
      query: 'k=client-x&ec=4',
      headers: {
        'statsig-event-count': '4',
        'content-type': 'text/plain',
        'accept-language': 'de',
        'user-agent': 'a',
        cookie: 'a',
      },
    });
    expect(await send(from(http))).toMatchObject({ status: 202 });
    expect(rows.events).toHaveLength(2);
    expect(queued).toMatchObject([{ path: '/v1/rgstr', query: 'k=client-x&ec=4' }]);
    expect(bodyOf(queued)).toBe(body);
    expect(queued[0]?.headers).toEqual({
      'statsig-api-key': 'client-key',
      'statsig-event-count': '4',
      'content-type': 'text/plain',
      'accept-language': 'de',
      'user-agent': 'a',
      'x-forwarded-for': '203.0.113.7',
    });
    expect(metrics).toMatchObject([{ RelayKept: 1 }]);
  });

  it('is not kept of a request that is refused before it is read', async () => {
    const { post, calls } = start();
    expect(await post({ body, headers: { 'statsig-api-key': '' } })).toMatchObject({ status: 401 });
    expect(await post({ body, method: 'PUT' })).toMatchObject({ status: 405 });
    expect(calls).toEqual([]);
  });

  it.each<{ readonly what: string; readonly refused: string; readonly status: number }>([
    { what: 'no JSON', refused: 'no JSON', status: 400 },
    { what: 'no batch', refused: '{"x":1}', status: 400 },
    {
      what: 'too many rows',
      refused: JSON.stringify({
        user: { custom: 'u'.repeat(60_000) },
        events: Array(200).fill({ eventName: 'e' }),
      }),
      status: 413,
    },
  ])('is withheld of a body that is $what', async ({ refused, status }) => {
    for (const relay of [{}, { redacted: true }]) {
      const { post, calls, metrics, rows } = start(relay);
      expect(await post({ body: refused })).toMatchObject({ status });
      expect(calls).toEqual([]);
      expect(rows.quarantine).toHaveLength(1);
      expect(metrics[0]).toMatchObject({ RelayWithheld: 1 });
    }
  });

  it('is redacted before it is kept: events, private attributes, and address and agent of the sender', async () => {
    const privacy = {
      redact: { 'user.email': 'hash', 'user.ip': 'drop', 'user.userAgent': 'drop' } as const,
      salt,
    };
    const { send, queued } = start({ redacted: true }, { privacy });
    const user = { country: 'DE', email: 'a@b.c' };
    const exposures = [{ gate: 'g', user: { email: 'a@b.c' } }];
    const sent = {
      events: [events[0], 7],
      exposures,
      user: { ...user, privateAttributes: { x: 'planted' } },
    };
    const counted = { 'statsig-event-count': '3', 'user-agent': 'planted-agent' };
    const http = request({ headers: { 'content-encoding': 'gzip', ...counted } });
    Object.assign(http, { body: gzipSync(JSON.stringify(sent)).toString('base64'), isBase64Encoded: true });
    expect(await send(from(http))).toMatchObject({ status: 202 });
    const [copy] = queued;
    expect(JSON.stringify(copy?.headers)).not.toMatch(/planted|203\.0/);
    expect(copy?.headers).toMatchObject({ 'content-encoding': 'gzip', 'statsig-event-count': '2' });
    const hashed = hash('sha256', `${privacy.salt}a@b.c`);
    expect(JSON.parse(gunzipSync(copy?.body ?? '').toString())).toEqual({
      events: [{ ...events[0], user: { userID: 'u1', email: hashed } }],
      exposures: [{ gate: 'g', user: { email: hashed } }],
      user: { country: 'DE', email: hashed },
    });
  });

  it.each([
    { what: 'both', redact: {}, kept: { 'x-forwarded-for': '203.0.113.7', 'user-agent': 'a' } },
    { what: 'the agent', redact: { 'user.ip': 'drop' }, kept: { 'user-agent': 'a' } },
    {
      what: 'the address',
      redact: { 'user.userAgent': 'hash' },
      kept: { 'x-forwarded-for': '203.0.113.7' },
    },
  ] as const)(
    'has of address and agent what redaction leaves of an event: $what',
    async ({ redact, kept }) => {
      const privacy = {
        redact: { 'user.email': 'drop', ...redact },
        salt,
      } as const;
      const { send, queued } = start({ redacted: true }, { privacy });
      const http = request({ body, headers: { 'user-agent': 'a' } });
      await send(from(http));
      expect(queued[0]?.headers).toEqual({ 'statsig-api-key': 'client-key', ...kept });
    },
  );

  it.each([
    { query: 'ec=13', told: 'ec=4' },
    { query: 'k=a&ec=13&t=5', told: 'k=a&ec=4&t=5' },
    { query: 'sec=13&ec=1x&ec=', told: 'sec=13&ec=1x&ec=' },
  ])('tells the number of redacted events where $query does', async ({ query, told }) => {
    const { post, queued } = start({ redacted: true });
    await post({ body, query, headers: { 'user-agent': 'a' } });
    expect(queued).toMatchObject([{ query: told }]);
  });

  it.each([
    { what: 'too deeply to be hashed', levels: 65 },
    { what: 'too deeply to be read exactly', levels: 2_001 },
  ])('is withheld if what its events share is nested $what', async ({ levels }) => {
    const privacy = { redact: { 'user.custom': 'hash' } as const, salt };
    const { post, calls, metrics } = start({ redacted: true }, { privacy });
    const custom = JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    const sent = { statsigMetadata: { stableID: 's' }, user: { custom }, events: [events[0]] };
    expect(await post({ body: sent })).toMatchObject({ status: 202 });
    expect(calls).toEqual([]);
    expect(metrics).toMatchObject([{ RelayWithheld: 1 }]);
  });

  it('has no private attributes with `redacted`, also where the configuration redacts nothing', async () => {
    const { post, queued } = start({ redacted: true });
    const privateAttributes = { email: 'planted' };
    const sent = {
      user: { privateAttributes },
      events: [{ eventName: 'a', user: { userID: 'u', privateAttributes } }],
    };
    expect(await post({ body: sent })).toMatchObject({ status: 202 });
    expect(JSON.parse(bodyOf(queued))).toEqual({
      user: {},
      events: [{ eventName: 'a', user: { userID: 'u' } }],
    });
  });

  it.each([
    { what: 'and private attributes', privacy: {}, user: { userID: 'u', email: 'a@b.c' } },
    {
      what: 'and what is redacted',
      privacy: { redact: { 'user.email': 'drop' } as const, salt },
      user: { userID: 'u' },
    },
  ])('with NaN is redacted, too: it is null, $what are gone', async ({ privacy, user }) => {
    const { post, queued } = start({ redacted: true }, { privacy });
    const sent =
      '{"events":[{"eventName":"a","value":NaN,"user":{"userID":"u","email":"a@b.c","privateAttributes":{"a":NaN}}}]}';
    expect(await post({ body: sent })).toMatchObject({ status: 202 });
    expect(JSON.parse(bodyOf(queued))).toEqual({
      events: [{ eventName: 'a', value: null, user }],
    });
  });

  it('is an object that its message names when it is too large for a message', async () => {
    const { post, queued, stored, named, calls, away } = start();
    const large = { body: { events: [{ eventName: 'a', value: 'x'.repeat(1_000_000) }] } };
    expect(await post(large)).toMatchObject({ status: 202 });
    expect(queued).toHaveLength(0);
    expect(stored).toHaveLength(1);
    expect(calls).toEqual(['bucket', 'queue']);
    expect(named).toEqual([expect.stringContaining(stored[0]?.id ?? 'none')]);
    away.bucket = 'fails';
    await post(large);
    expect(calls).toEqual(['bucket', 'queue', 'bucket']);
  });

  it('is a message up to the size that SQS takes, and an object beyond', async () => {
    const put: number[] = [];
    const sent: number[] = [];
    const lengthOf = async (query: string) => {
      const keep = keeping(
        {
          put: async (_, { length }) => void put.push(length),
          send: async ({ length }) => void sent.push(length),
        },
        query,
      );
      await keep(NOW + 1_500);
    };
    await lengthOf('');
    const [empty = 0] = sent.splice(0);
    await lengthOf('q'.repeat(1_048_576 - empty));
    expect({ put, sent: sent.splice(0) }).toEqual({ put: [], sent: [1_048_576] });
    await lengthOf('q'.repeat(1_048_577 - empty));
    expect(put).toEqual([1_048_577]);
  });

  it.each([
    { required: true, left: 'an empty object, which nobody sends', written: [1_048_577, 0] },
    { required: false, left: 'the object, as its request does not come again', written: [1_048_577] },
  ])(
    'leaves $left, where its message cannot be sent and required is $required',
    async ({ required, written }) => {
      const keep = async (query: string, failsAt = 9) => {
        const put: { length: number; timeoutMs: number }[] = [];
        const length = { sent: 0 };
        const outcome = await keeping(
          {
            choice: { required, redacted: false },
            put: async (_, text, timeoutMs) => {
              put.push({ length: text.length, timeoutMs });
              if (put.length === failsAt) throw new TypeError();
            },
            send: async (text) => {
              length.sent = text.length;
              throw new RangeError();
            },
          },
          query,
        )(NOW + 1_500);
        return { put, outcome, sent: length.sent };
      };
      const { sent } = await keep('');
      const large = 'q'.repeat(1_048_577 - sent);
      const { put, outcome } = await keep(large);
      expect(put.map(({ length }) => length)).toEqual(written);
      expect(put[1]?.timeoutMs ?? 300).toBe(300);
      expect(outcome).toEqual({ outcome: 'not_kept', error: 'RangeError' });
      expect((await keep(large, 2)).outcome).toEqual(outcome);
      expect((await keep(large, 1)).put).toHaveLength(1);
    },
  );

  it('is not tried while the queue is away, and is kept again when it is back', async () => {
    const { post, calls, clock, away, metrics } = start({}, {}, { queue: 'hangs' });
    await post({ body });
    clock.advance(1_000);
    await post({ body });
    calls.length = 0;
    const before = clock.now();
    await post({ body });
    expect(calls).toEqual([]);
    expect(clock.now()).toBe(before);
    expect(metrics.at(-1)).toMatchObject({ RelayNotKept: 1 });
    delete away.queue;
    clock.advance(MINUTE_MS);
    await post({ body });
    await post({ body });
    expect(calls).toEqual(['queue', 'queue']);
  });

  it('is told to be away by a line of the log that names the queue', async () => {
    const lines: unknown[] = [];
    const send = () => Promise.reject(new TypeError());
    const keep = keeping({ send, log: (line) => void lines.push(line) });
    for (let i = 0; i < 2; i += 1) await keep(NOW + 300);
    expect(lines).toMatchObject([{ event: 'relay_breaker', to: 'queue', state: 'open' }]);
  });

  it.each([
    { leftMs: 299, sent: 3 },
    { leftMs: 300, sent: 2 },
  ])(
    'is tried $sent times of three that have $leftMs ms: less says nothing of the queue',
    async ({ leftMs, sent }) => {
      let tries = 0;
      const send = async () => {
        tries += 1;
        throw new TypeError();
      };
      const keep = keeping({ send });
      for (let i = 0; i < 3; i += 1)
        expect(await keep(NOW + leftMs)).toEqual({ outcome: 'not_kept', error: 'TypeError' });
      expect(tries).toBe(sent);
    },
  );

  it('is not kept if something throws before it is sent', async () => {
    const nonce = () => {
      throw new TypeError();
    };
    expect(await keeping({ nonce })(NOW + 1_500)).toEqual({ outcome: 'not_kept', error: 'TypeError' });
  });

  it.each(['fails', 'hangs'] as const)(
    'costs no 503 and little time when the queue is away: %s',
    async (how) => {
      const { post, rows, clock, metrics, log } = start({}, {}, { queue: how, bucket: how });
      const before = clock.now();
      expect(await post({ body })).toMatchObject({ status: 202 });
      expect(rows.events).toHaveLength(2);
      expect(clock.now() - before).toBeLessThanOrEqual(1_500);
      expect(metrics).toMatchObject([{ RelayNotKept: 1 }]);
      expect(log).toMatchObject([{ relay: 'not_kept', relay_error: 'TypeError' }]);
    },
  );

  it('costs a 503 when it is required and not kept, but not of a refused body', async () => {
    const { post } = start({ required: true }, {}, { queue: 'fails', bucket: 'fails' });
    expect(await post({ body })).toMatchObject({
      status: 503,
      answer: { success: false, code: 'SLUICE_COLLECT_NOT_RELAYED' },
    });
    const well = start({ required: true });
    expect(await well.post({ body })).toMatchObject({ status: 202 });
    const refused = start({ required: true }, {}, { queue: 'fails', bucket: 'fails' });
    expect(await refused.post({ body: 'no JSON' })).toMatchObject({ status: 400 });
  });
});
