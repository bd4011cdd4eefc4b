import { describe, expect, it } from '@jest/globals';
import {
  packageWarnings,
  requireAccount,
  requireArnRegions,
  requireDeployableStage,
  requireKeys,
  requireOwnBoundary,
  requirePackageOf,
  requirePreflightsOfGateway,
  requireRegion,
  requireTemplateFits,
} from '../../infra/serverless/requirements.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../lib/schema/config.ts';
import { hasFunctionUrls, REGIONS } from '../../lib/schema/regions.ts';
import { acmeSource, eventsDataset } from '../harness/configInput.ts';
import { textOf } from '../harness/textOf.ts';
import { madeResources } from './madeResources.ts';

const PLACE = { stackName: 'acme-prod', region: 'eu-west-1' };
const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef';
const alarms = { topicArn: 'arn:aws:sns:us-east-1:111122223333:on-call' };
const configOf = (input: Partial<ConfigInput>) =>
  defineConfig({ bucket: 'acme-experiments', alarms, ...input });

it('a template with too many resources is refused by name, with the count and the field that it grows with', () => {
  const sources = Array.from({ length: 100 }, (_, i) =>
    acmeSource({
      name: `customer-${i}`,
      bucket: `customer-${i}-drops`,
      datasets: ['a', 'b', 'c', 'd'].map((name) => eventsDataset({ name })),
    }),
  );
  const { template } = madeResources({ sources });
  expect(() => requireTemplateFits(template, PLACE)).toThrow(
    expect.objectContaining({
      code: 'SLUICE_CONFIG_STACK_TOO_LARGE',
      detail: expect.stringMatching(/\b5\d\d\b.*\b500\b.*`sources`/),
    }),
  );
});

describe('a boundary', () => {
  const boundaryCode = (name: string, stage: string) =>
    codeOf(() => requireOwnBoundary({ permissionsBoundary: `arn:aws:iam::111122223333:${name}` }, stage));

  it.each([
    { name: 'policy/sluice-boundary', stage: 'prod' },
    { name: 'policy/teams/data/sluice-boundary', stage: 'prod' },
    { name: 'policy/sluice-boundary', stage: 'trial' },
  ])('of a trial, $name, is refused for the stage $stage', ({ name, stage }) => {
    expect(boundaryCode(name, stage)).toBe('SLUICE_CONFIG_TRIAL_BOUNDARY');
  });

  it.each([
    { name: 'policy/sluice-boundary', stage: 'trial-0a1b2c3d' },
    // Its names begin as the boundary allows.
    { name: 'policy/sluice-boundary', stage: 'trial-0a1b2c3d-2' },
    // The local cloud does not ask it.
    { name: 'policy/sluice-boundary', stage: 'local' },
    { name: 'policy/my-sluice-boundary', stage: 'prod' },
    { name: 'policy/sluice-boundary/workloads', stage: 'prod' },
  ])('$name is taken for the stage $stage', ({ name, stage }) => {
    expect(boundaryCode(name, stage)).toBeNull();
  });
});

/** The refusal of one field of the configuration, with the value that was found. */
const refusalOf = (field: string, found: string) =>
  expect.objectContaining({
    code: 'SLUICE_CONFIG_INVALID',
    fields: [field],
    detail: expect.stringContaining(found),
  });

/** The code with which something is refused; null if it is not. */
function codeOf(demand: () => void): unknown {
  try {
    demand();
  } catch (error) {
    return Object(error).code;
  }
  return null;
}

describe('a route', () => {
  const ofGateway = { ApiId: { Ref: 'HttpApi' }, RouteKey: 'ANY /x' };
  it.each([
    { what: 'ANY', route: ofGateway, isRefused: true },
    { what: '$default', route: { ...ofGateway, RouteKey: '$default' }, isRefused: true },
    { what: 'OPTIONS', route: { ...ofGateway, RouteKey: 'OPTIONS /x' }, isRefused: true },
    {
      what: 'a key that is not known yet',
      route: { ...ofGateway, RouteKey: { Ref: 'Key' } },
      isRefused: true,
    },
    { what: 'an API that is not known yet', route: { ...ofGateway, ApiId: 'a1' }, isRefused: true },
    { what: 'POST', route: { ...ofGateway, RouteKey: 'POST /x' }, isRefused: false },
    { what: 'ANY of another API', route: { ...ofGateway, ApiId: { Ref: 'Other' } }, isRefused: false },
  ])('of $what is refused as it takes preflights: $isRefused', ({ route, isRefused }) => {
    const Resources = { Route: { Type: 'AWS::ApiGatewayV2::Route', Properties: route } };
    const code = codeOf(() => requirePreflightsOfGateway({ Resources }));
    expect(code).toBe(isRefused ? 'SLUICE_CONFIG_ROUTE_TAKES_PREFLIGHTS' : null);
  });
});

describe('a deployment', () => {
  const target = { stage: 'prod', region: 'eu-west-1' };
  it.each([
    { what: 'of the local stage', demand: () => requireDeployableStage('local'), code: 'STAGE_UNKNOWN' },
    { what: 'of a stage', demand: () => requireDeployableStage('prod'), code: null },
    {
      what: 'of a package of another stage',
      demand: () => requirePackageOf(target, { ...target, stage: 'dev' }),
      code: 'PACKAGE_DIFFERS',
    },
    {
      what: 'of a package of another region',
      demand: () => requirePackageOf(target, { ...target, region: 'eu-west-2' }),
      code: 'PACKAGE_DIFFERS',
    },
    { what: 'of its package', demand: () => requirePackageOf(target, target), code: null },
    {
      what: 'to another account',
      demand: () => requireAccount({ account: '111122223333' }, '444455556666'),
      code: 'ACCOUNT_DIFFERS',
    },
    {
      what: 'to its account',
      demand: () => requireAccount({ account: '111122223333' }, '111122223333'),
      code: null,
    },
    { what: 'to any account', demand: () => requireAccount({ account: null }, '111122223333'), code: null },
  ])('$what is refused with $code', ({ demand, code }) => {
    expect(codeOf(demand)).toBe(code && `SLUICE_CONFIG_${code}`);
  });
});

describe('a collector', () => {
  const KEY = { label: 'web', sha256: 'a'.repeat(64) };
  const deploy = (more: object) => () =>
    requireKeys({ keys: [], keysInSecret: false, allowAnyKey: false, ...more });

  it.each([
    { what: 'no key', more: {} },
    { what: 'only a key that may start the ingest of a source', more: { keys: [{ ...KEY, kinds: [] }] } },
  ])('with $what is refused', ({ more }) => {
    expect(deploy(more)).toThrow(expect.objectContaining({ code: 'SLUICE_CONFIG_NO_KEYS' }));
  });

  it.each([
    { what: 'a key', more: { keys: [KEY] } },
    { what: 'keys in the secret', more: { keysInSecret: true } },
    { what: 'any key', more: { allowAnyKey: true } },
  ])('with $what is deployed', ({ more }) => {
    expect(deploy(more)).not.toThrow();
  });
});

describe('an ARN of another region than the stack', () => {
  const topicArn = 'arn:aws:sns:eu-west-1:111122223333:on-call';
  const certificateArn =
    'arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab';
  const placed = (topic: string | null, certificate: string | null) =>
    configOf({
      alarms: { topicArn: topic },
      ...(certificate === null ? {} : { endpoint: { domain: 'c.example.com', certificateArn: certificate } }),
    });

  it.each([
    {
      what: 'a topic',
      topic: topicArn,
      certificate: null,
      region: 'us-east-1',
      field: 'alarms.topicArn',
      found: 'eu-west-1',
    },
    {
      what: 'a certificate',
      topic: null,
      certificate: certificateArn,
      region: 'eu-west-1',
      field: 'endpoint.certificateArn',
      found: 'us-east-1',
    },
    {
      what: 'a certificate beside a right topic',
      topic: topicArn,
      certificate: certificateArn,
      region: 'eu-west-1',
      field: 'endpoint.certificateArn',
      found: 'us-east-1',
    },
  ])('is rejected: $what', ({ topic, certificate, region, field, found }) => {
    expect(() => requireArnRegions(placed(topic, certificate), region)).toThrow(refusalOf(field, found));
  });

  it.each([
    { what: 'a topic of its region', topic: topicArn, certificate: null, region: 'eu-west-1' },
    { what: 'a certificate of its region', topic: null, certificate: certificateArn, region: 'us-east-1' },
    { what: 'neither', topic: null, certificate: null, region: 'eu-west-1' },
  ])('is none in a configuration with $what', ({ topic, certificate, region }) => {
    expect(() => requireArnRegions(placed(topic, certificate), region)).not.toThrow();
  });
});

const existing = { keyArn: null };
const logs = { kmsKeyArn: null };
const endpoints = (['http-api', 'function-url', 'both'] as const).map((kind) => {
  return { endpoint: { kind }, existing, logs };
});

it('a region without the services is rejected', () => {
  for (const config of endpoints) {
    expect(() => requireRegion('cn-north-1', config)).toThrow(refusalOf('region', 'cn-north-1'));
    expect(requireRegion('eu-west-1', config)).toBeUndefined();
  }
});

it('a key of another region than the deployment’s is rejected', () => {
  const config = { endpoint: { kind: 'http-api' }, existing: { keyArn }, logs } as const;
  expect(requireRegion('eu-west-1', config)).toBeUndefined();
  expect(() => requireRegion('eu-west-2', config)).toThrow(refusalOf('existing.keyArn', 'eu-west-1'));
  expect(() => requireRegion('eu-west-2', { ...config, existing, logs: { kmsKeyArn: keyArn } })).toThrow(
    refusalOf('logs.kmsKeyArn', 'eu-west-1'),
  );
});

it('a Function URL is rejected in the eleven regions without them, which docs/limits.md lists', () => {
  const without = REGIONS.filter((region) => !hasFunctionUrls(region));
  expect(without).toHaveLength(11);
  for (const region of without) {
    const [gateway, ...others] = endpoints;
    expect(gateway && requireRegion(region, gateway)).toBeUndefined();
    for (const config of others)
      expect(() => requireRegion(region, config)).toThrow(refusalOf('endpoint.kind', config.endpoint.kind));
  }
  const page = textOf('docs', 'limits.md');
  const row = page.split('\n').find((line) => line.startsWith('| regions with a Function URL')) ?? '';
  expect(row.match(/\b[a-z]{2}-[a-z]+-\d\b/g)).toEqual(without);
});

describe('warnings of packaging', () => {
  it('are none for the gateway with its defaults, also in an account with ten executions', () => {
    expect(packageWarnings(configOf({}))).toEqual([]);
    expect(packageWarnings(configOf({ collector: { accountConcurrency: 10 } }))).toEqual([]);
  });

  it('say that alarms notify nobody', () => {
    expect(packageWarnings(configOf({ alarms: {} }))).toEqual([expect.stringContaining('alarms.topicArn')]);
  });

  it('name an export that looks back less far than rows can be late', () => {
    const exported = (name: string, more: object = {}) => ({
      name,
      table: 'statsig_forwarded_events',
      ...more,
      target: { bucket: `acme-${name}`, owner: '111122223333' },
    });
    const exports = [exported('default'), exported('short', { lookbackDays: 3 })];
    expect(packageWarnings(configOf({ exports }))).toEqual([
      expect.stringMatching(
        /^The export short looks back 3 days, and rows can be 7 days late: .*`lookbackDays`/,
      ),
    ]);
    const warnings = (pastDays: number) =>
      packageWarnings(configOf({ timeWindow: { pastDays }, exports: [exported('default')] }));
    expect(warnings(89)).toEqual([]);
    expect(warnings(90)).toEqual([
      expect.stringMatching(
        /^The export default looks back 90 days, and rows can be 90 days late: .*`export run`/,
      ),
    ]);
  });

  it('are none for an export of a table of a dataset, whose days come once', () => {
    const dataset = eventsDataset({ name: 'orders' });
    const exported = {
      name: 'short',
      table: `acme_${dataset.name}`,
      lookbackDays: 3,
      target: { bucket: 'acme-short', owner: '444455556666' },
    };
    const config = configOf({ sources: [acmeSource({ datasets: [dataset] })], exports: [exported] });
    expect(config.exports).toMatchObject([{ lookbackDays: 3 }]);
    expect(packageWarnings(config)).toEqual([]);
  });

  it('say what a Function URL loses, and when', () => {
    const [warning, ...others] = packageWarnings(
      configOf({ endpoint: { kind: 'function-url' }, collector: { accountConcurrency: 10 } }),
    );
    expect(warning).toMatch(/429 beyond 10 executions at once or 100 requests a second/);
    expect(others).toEqual([]);
    expect(packageWarnings(configOf({ endpoint: { kind: 'both' } }))).toHaveLength(2);
  });
});
