import { describe, expect, it } from '@jest/globals';
import { READS, readResources } from '../../infra/endpoint/reads.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';

function resources(passThrough: ConfigInput['passThrough']) {
  return readResources({
    service: 'sluice',
    stage: 'prod',
    config: defineConfig({ bucket: 'acme', keysInSecret: true, passThrough }, { stages: ['prod'] }),
  });
}

function integrations(made: ReturnType<typeof resources>) {
  return Object.values(made).filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Integration');
}

describe('reads of SDKs with one address', () => {
  it('have no route without passThrough', () => {
    expect(resources(null)).toEqual({});
  });

  it('have a route each, by a named method, to the host that has the answer', () => {
    const made = resources({ statsig: true });
    const routes = Object.values(made).flatMap(({ Properties = {} }) =>
      'RouteKey' in Properties ? [[Properties['RouteKey'], Properties['Target']]] : [],
    );
    const target = (id: string) => ({ 'Fn::Join': ['/', ['integrations', { Ref: id }]] });
    expect(routes).toEqual([
      ...READS.cdn.map((key) => [key, target('ReadFilesIntegration')]),
      ...READS.api.map((key) => [key, target('ReadIntegration')]),
    ]);
    expect(routes.every(([key]) => /^(GET|POST) \/v[12]\//.test(String(key)))).toBe(true);
    // The ingest's own route is not Statsig's.
    expect(JSON.stringify(routes)).not.toContain('mark_data_ready');
    expect(integrations(made).map(({ Properties }) => Properties?.['IntegrationUri'])).toEqual([
      'https://api.statsigcdn.com',
      'https://statsigapi.net',
    ]);
  });

  it('go to another host, below its path, if the configuration names one', () => {
    const made = integrations(resources({ url: 'https://proxy.example.com/statsig/' }));
    expect(
      made.map(({ Properties }) => [Properties?.['IntegrationUri'], Properties?.['RequestParameters']]),
    ).toEqual(Array(2).fill(['https://proxy.example.com', { 'overwrite:path': '/statsig$request.path' }]));
  });
});
