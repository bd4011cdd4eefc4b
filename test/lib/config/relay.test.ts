import { describe, expect, it } from '@jest/globals';
import { defineConfig, validateConfig } from '../../../lib/config/defineConfig.ts';
import { functionConfig } from '../../../lib/config/functionConfig.ts';

const define = (relay: unknown) => validateConfig({ bucket: 'acme', relay });
const refusal = (relay: unknown) => {
  try {
    define(relay);
    return 'valid';
  } catch (error) {
    return error instanceof Error ? error.message : '';
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
    (url) => expect(refusal({ url })).toBe('valid'),
  );

  it.each([
    ['an address without TLS', { url: 'http://collector.example.com' }, 'relay.url: got'],
    ['a relative address', { url: '/v1' }, 'expected an address: https:// and a host'],
    ['an address with a query', { url: 'https://a.example/?k=1' }, 'without ? and #'],
    ['an address with a user', { url: 'https://u:planted@a.example' }, 'put a secret into `headers`'],
    ['an address with a user alone', { url: 'https://planted@a.example' }, 'put a secret into `headers`'],
    [
      'an address with a password alone',
      { url: 'https://:planted@a.example' },
      'put a secret into `headers`',
    ],
    ['two targets', { statsig: true, url: 'https://a.example' }, 'relay'],
    ['no target', {}, 'relay'],
    ['statsig: false', { statsig: false }, 'relay.statsig: got false, expected true'],
    ['an unknown member', { statsig: true, sample: 0.5 }, 'relay.sample: no such field'],
    ['headers to Statsig', { statsig: true, headers: {} }, 'relay.headers: no such field'],
    ['one execution', { statsig: true, concurrency: 1 }, 'relay.concurrency: got 1, expected 2 or more'],
    [
      'a header of the connection',
      { url: 'https://a.example', headers: { Host: 'planted' } },
      'relay.headers',
    ],
    [
      'a line break in a header',
      { url: 'https://a.example', headers: { a: 'planted\r\nb: c' } },
      'relay.headers.a',
    ],
  ])('refuses %s, and shows nothing secret', (_, relay, problem) => {
    const message = refusal(relay);
    expect(message).toContain(problem);
    expect(message).not.toContain('planted');
  });

  it('refuses a Statsig folder where copies lie', () => {
    expect(() => defineConfig({ bucket: 'acme', statsigFolder: 'relay/x' })).toThrow(
      'statsigFolder: got "relay/x"',
    );
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
