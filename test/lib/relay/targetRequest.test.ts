import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MINUTE_MS } from '../../../lib/base/time.ts';
import {
  type RelayCopy,
  readRelayCopy,
  readRelayedKey,
  writeRelayCopy,
} from '../../../lib/relay/RelayCopy.ts';
import { targetRequest } from '../../../lib/relay/targetRequest.ts';
import { relayId, relayWaitingKey } from '../../../lib/tables/relayKeys.ts';

const KEPT = Date.UTC(2026, 10, 22, 1, 30, 0, 123);
const copyOf = (more: Partial<RelayCopy>): RelayCopy => ({
  id: relayId(KEPT, 'a'.repeat(24)),
  keptAt: KEPT,
  path: '/v1/rgstr',
  query: '',
  headers: {},
  body: Buffer.from('{}'),
  ...more,
});
const statsig = { statsig: true } as const;
const sentTo = (path: string, target: Parameters<typeof targetRequest>[1] = statsig) => {
  const request = targetRequest(copyOf({ path, query: 'k=client-a&t=1' }), target, KEPT);
  return `${request.origin}${request.path}`;
};

describe('the request that delivers a copy', () => {
  it.each([
    { path: '/v1/rgstr', to: '/v1/rgstr' },
    { path: '/v1/log_event', to: '/v1/log_event' },
    { path: '/v1/log_custom_exposure', to: '/v1/log_custom_exposure' },
    { path: '/v1/my-product-data', to: '/v1/log_event' },
    { path: '/v1/rgstr_b', to: '/v1/log_event' },
    { path: '/my/log_custom_exposure//', to: '/v1/log_custom_exposure' },
    { path: '/my/log_custom_exposure', to: '/v1/log_custom_exposure' },
    { path: '/log_custom_exposure/x', to: '/v1/log_event' },
    { path: '/', to: '/v1/log_event' },
    { path: '//evil.example/v1/rgstr', to: '/v1/log_event' },
  ])('of the path $path goes to Statsig as $to', ({ path, to }) => {
    expect(sentTo(path)).toBe(`https://events.statsigapi.net${to}?k=client-a&t=1`);
  });

  it('goes to another target behind its own path, whatever the path is', () => {
    const url = 'https://a.example:8443/base//';
    const headers = { 'X-Token': 'x' };
    expect(sentTo('/any/path', { url, headers })).toBe('https://a.example:8443/base/any/path?k=client-a&t=1');
    expect(sentTo('/a b?c#ü', { url, headers })).toBe(
      'https://a.example:8443/base/a%20b%3Fc%23%C3%BC?k=client-a&t=1',
    );
    expect(sentTo('//evil.example/x', { url: 'https://a.example', headers })).toBe(
      'https://a.example//evil.example/x?k=client-a&t=1',
    );
    const bytes = Buffer.from('/ü', 'utf8').toString('latin1');
    expect(sentTo(bytes, { url, headers })).toBe('https://a.example:8443/base/%C3%BC?k=client-a&t=1');
    const copy = copyOf({ headers: { 'x-token': 'sent', 'user-agent': 'a' } });
    expect(targetRequest(copy, { url, headers }, KEPT)).toMatchObject({
      path: '/base/v1/rgstr',
      headers: { 'x-token': 'x', 'user-agent': 'a' },
    });
  });

  it.each([
    { path: '/../admin', to: '/admin' },
    { path: '/..', to: '/' },
    { path: '/a/../../b', to: '/b' },
    { path: '/%2e%2E/admin?x', to: '/admin%3Fx' },
    { path: '/.%2e/admin', to: '/admin' },
    { path: '/\\..\\admin', to: '/admin' },
    { path: '/a/./b', to: '/a/b' },
    { path: '/a..b/...', to: '/a..b/...' },
  ])('does not leave the path of the target by $path', ({ path, to }) => {
    const url = 'https://a.example/base';
    expect(sentTo(path, { url, headers: {} })).toBe(`${url}${to}?k=client-a&t=1`);
  });

  it('has the bytes of a header as a gateway gave them, or UTF-8', () => {
    const sent = (agent: string) =>
      targetRequest(copyOf({ headers: { 'user-agent': agent } }), statsig, KEPT).headers['user-agent'];
    const bytes = Buffer.from('é', 'utf8').toString('latin1');
    expect(sent(bytes)).toBe(bytes);
    expect(sent('漢')).toBe(Buffer.from('漢', 'utf8').toString('latin1'));
  });

  it.each([
    { time: '1795158434657', moved: '1795158494658' },
    { time: '1795158434657.123', moved: '1795158494658.123' },
    { time: '1795158434657,5', moved: '1795158434657,5' },
    { time: 'soon', moved: 'soon' },
    { time: '', moved: '' },
  ])('has the client time $time after more than a minute as $moved', ({ time, moved }) => {
    const copy = copyOf({ headers: { 'statsig-client-time': time }, query: `k=t=1&t=${time}&ec=2` });
    const request = targetRequest(copy, statsig, KEPT + 60_001);
    expect(request.headers['statsig-client-time']).toBe(moved);
    expect(request.path).toBe(`/v1/rgstr?k=t=1&t=${moved}&ec=2`);
    const alone = targetRequest({ ...copy, query: `t=${time}` }, statsig, KEPT + 60_001);
    expect(alone.path).toBe(`/v1/rgstr?t=${moved}`);
    const early = targetRequest(copy, statsig, KEPT + MINUTE_MS);
    expect(early.headers['statsig-client-time']).toBe(time);
    expect(early.path).toBe(`/v1/rgstr?k=t=1&t=${time}&ec=2`);
  });

  it('has only what HTTP can carry, for any copy', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, text, (path, query, name, value) => {
        const copy = copyOf({ path: `/${path}`, query, headers: { [name.toLowerCase()]: value } });
        for (const target of [statsig, { url: 'http://127.0.0.1:1', headers: {} }]) {
          const request = targetRequest(copy, target, KEPT + 1e9);
          expect(request.path).toMatch(/^\/[\x21-\x7e]*$/);
          for (const [header, sent] of Object.entries(request.headers)) {
            expect(header).toMatch(/^[\x21-\x7e]+$/);
            expect(sent).not.toMatch(/[\r\n\0]/);
          }
        }
      }),
    );
  });
});

describe('a copy', () => {
  it('is read as it was written, and is ASCII, for any request', () => {
    const text = fc.string({ unit: 'binary', maxLength: 30 });
    fc.assert(
      fc.property(text, text, fc.dictionary(text, text), fc.uint8Array(), (path, query, headers, bytes) => {
        const copy = copyOf({ path: `/${path}`, query, headers, body: Buffer.from(bytes) });
        const written = writeRelayCopy(copy);
        expect(written).toMatch(/^[\x20-\x7e]*$/);
        const read = readRelayCopy(written);
        expect(read?.body).toEqual(copy.body);
        expect({ ...read, body: null }).toEqual({ ...copy, body: null });
      }),
    );
  });

  it.each([
    { what: 'another version', member: { v: 2 } },
    { what: 'a number as ID', member: { id: 7 } },
    { what: 'an ID that leaves the folder', member: { id: '../../x' } },
    { what: 'a text as time', member: { keptAt: '1' } },
    { what: 'a time with a fraction', member: { keptAt: 1.5 } },
    { what: 'a list as path', member: { path: ['/'] } },
    { what: 'a path without its slash', member: { path: 'v1' } },
    { what: 'a number as query', member: { query: 7 } },
    { what: 'no headers', member: { headers: null } },
    { what: 'a header that is a number', member: { headers: { a: 1 } } },
    { what: 'a number as body', member: { body: 7 } },
    { what: 'a body that is no base64', member: { body: '!!not base64' } },
  ])('is not read from one with $what', ({ member }) => {
    const text = JSON.stringify({ ...JSON.parse(writeRelayCopy(copyOf({}))), ...member });
    expect(readRelayCopy(text)).toBeNull();
  });

  it.each(['x', 'null', '{"v":2,"key":"KEY"}', '{"v":1}', '{"v":1,"key":7}', '{"v":1,"key":"landing/a"}'])(
    'and its key are not read from %s',
    (form) => {
      const text = form.replace('KEY', relayWaitingKey(copyOf({}).id));
      expect([readRelayCopy(text), readRelayedKey(text)]).toEqual([null, null]);
    },
  );
});
