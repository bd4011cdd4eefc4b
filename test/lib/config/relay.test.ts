import { describe, expect, it } from '@jest/globals';
import { defineConfig, validateConfig } from '../../../lib/config/defineConfig.ts';
import { functionConfig } from '../../../lib/config/functionConfig.ts';
import { byPath, problemPaths } from './problemPaths.ts';

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

  it.each(
    byPath<object>({
      url: {
        'an address without TLS': { url: 'http://collector.example.com' },
        'a relative address': { url: '/v1' },
        'an address with a query': { url: 'https://a.example/?k=1' },
        'an address with an empty query': { url: 'https://a.example/?' },
        'an address with a fragment': { url: 'https://a.example/#a' },
        'an address with an empty fragment': { url: 'https://a.example/#' },
        'an address with an empty query and a space': { url: 'https://a.example/? ' },
        'an address with a user': { url: 'https://u:planted@a.example' },
        'an address with a user alone': { url: 'https://planted@a.example' },
        'an address with a password alone': { url: 'https://:planted@a.example' },
      },
      relay: { 'two targets': { statsig: true, url: 'https://a.example' }, 'no target': {} },
      statsig: { 'statsig: false': { statsig: false } },
      sample: { 'an unknown member': { statsig: true, sample: 0.5 } },
      headers: { 'headers to Statsig': { statsig: true, headers: {} } },
      'headers.Host': {
        'a header of the connection': { url: 'https://a.example', headers: { Host: 'planted' } },
      },
      'headers.a': {
        'a line break in a header': { url: 'https://a.example', headers: { a: 'planted\r\nb: c' } },
      },
    }),
  )('refuses $what, and shows nothing secret', ({ input, path }) => {
    expect(problemPaths({ relay: input }, 'relay.')).toEqual([path]);
    expect(refusal(input)).not.toContain('planted');
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
