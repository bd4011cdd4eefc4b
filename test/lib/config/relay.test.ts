import { describe, expect, it } from '@jest/globals';
import { defineConfig, validateConfig } from '../../../lib/config/defineConfig.ts';
import { functionConfig } from '../../../lib/config/functionConfig.ts';
import { problemPaths } from './problemPaths.ts';

const define = (relay: unknown) => validateConfig({ bucket: 'acme', relay });
/** The message of a refused `relay`; empty if it is accepted. */
const refusal = (relay: unknown): string => {
  try {
    define(relay);
    return '';
  } catch (error) {
    return String(error);
  }
};

describe('relay in the configuration', () => {
  it('has defaults for everything except the target, and is absent by default', () => {
    const all = {
      required: false,
      redacted: false,
      concurrency: 2,
    };
    expect(define({ statsig: true }).relay).toEqual({ statsig: true, ...all });
    const url = 'https://collector.example.com/base';
    expect(define({ url }).relay).toEqual({ url, headers: {}, ...all });
    expect('relay' in defineConfig({ bucket: 'acme' })).toBe(false);
  });

  it.each(['http://127.0.0.1:8080', 'http://localhost', 'http://[::1]:1/x', 'https://10.0.0.1:8443/a/b'])(
    'accepts the address %s',
    (url) => expect(problemPaths({ relay: { url } })).toEqual([]),
  );

  it.each([
    { what: 'an address without TLS', relay: { url: 'http://collector.example.com' }, path: 'relay.url' },
    { what: 'a relative address', relay: { url: '/v1' }, path: 'relay.url' },
    { what: 'an address with a query', relay: { url: 'https://a.example/?k=1' }, path: 'relay.url' },
    { what: 'an address with an empty query', relay: { url: 'https://a.example/?' }, path: 'relay.url' },
    { what: 'an address with a fragment', relay: { url: 'https://a.example/#a' }, path: 'relay.url' },
    { what: 'an address with an empty fragment', relay: { url: 'https://a.example/#' }, path: 'relay.url' },
    {
      what: 'an address with an empty query and a space',
      relay: { url: 'https://a.example/? ' },
      path: 'relay.url',
    },
    { what: 'an address with a user', relay: { url: 'https://u:planted@a.example' }, path: 'relay.url' },
    { what: 'an address with a user alone', relay: { url: 'https://planted@a.example' }, path: 'relay.url' },
    {
      what: 'an address with a password alone',
      relay: { url: 'https://:planted@a.example' },
      path: 'relay.url',
    },
    { what: 'two targets', relay: { statsig: true, url: 'https://a.example' }, path: 'relay' },
    { what: 'no target', relay: {}, path: 'relay' },
    { what: 'statsig: false', relay: { statsig: false }, path: 'relay.statsig' },
    { what: 'an unknown member', relay: { statsig: true, sample: 0.5 }, path: 'relay.sample' },
    { what: 'headers to Statsig', relay: { statsig: true, headers: {} }, path: 'relay.headers' },
    {
      what: 'a header of the connection',
      relay: { url: 'https://a.example', headers: { Host: 'planted' } },
      path: 'relay.headers.Host',
    },
    {
      what: 'a line break in a header',
      relay: { url: 'https://a.example', headers: { a: 'planted\r\nb: c' } },
      path: 'relay.headers.a',
    },
  ])('refuses $what, and shows nothing secret', ({ relay, path }) => {
    expect(problemPaths({ relay })).toEqual([path]);
    expect(refusal(relay)).not.toContain('planted');
  });

  it('refuses a Statsig folder where copies lie', () => {
    expect(problemPaths({ statsigFolder: 'relay/x' })).toEqual(['statsigFolder']);
  });

  it('tells the collector what is relayed and not where to, and the function where to alone', () => {
    const config = define({ url: 'https://a.example', headers: { 'x-token': 'planted' }, redacted: true });
    expect(JSON.stringify(functionConfig.collect(config))).not.toMatch(/planted|a\.example/);
    expect(functionConfig.collect(config).relay).toMatchObject({ redacted: true });
    expect(functionConfig.relay(config)).toEqual({
      relay: { url: 'https://a.example', headers: { 'x-token': 'planted' } },
    });
    expect(functionConfig.relay(define({ statsig: true }))).toEqual({ relay: { statsig: true } });
  });
});
