import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { defineConfig, validateConfig } from '../../../lib/config/defineConfig.ts';
import { RESERVED_COLUMNS } from '../../../lib/tables/deliveredTables.ts';
import { acmeSource } from '../../harness/configInput.ts';
import { problemPaths } from './problemPaths.ts';

function problemsOf(input: unknown): string {
  try {
    Reflect.apply(defineConfig, undefined, [input]);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

const certificateArn = 'arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab';
const boundary = (name: string) => `arn:aws:iam::111122223333:policy/of/${name}`;

describe('defineConfig', () => {
  it('fills in every default', () => {
    expect(defineConfig({ bucket: 'acme' })).toEqual({
      bucket: 'acme',
      account: null,
      region: 'us-east-1',
      statsigFolder: 'statsig',
      database: 'sluice',
      tables: {
        exposures: 'statsig_forwarded_exposures',
        events: 'statsig_forwarded_events',
        quarantine: 'quarantine',
      },
      curate: true,
      formerStatsigFolders: [],
      curatedTables: { exposures: 'curated_exposures', events: 'curated_events' },
      curateAfter: 2,
      reconcile: true,
      unitIds: {},
      timeWindow: { pastDays: 7, futureDays: 1 },
      experiments: [],
      holdouts: null,
      keys: [],
      keysInSecret: false,
      collector: { reservedConcurrency: null, accountConcurrency: null },
      allowAnyKey: false,
      landing: 'firehose',
      write: { concurrency: 2 },
      landTelemetry: false,
      events: { deny: [] },
      exposures: { deny: [] },
      passThrough: null,
      privacy: { redact: {} },
      logs: { successes: 0.01, retentionDays: 30, kmsKeyArn: null },
      tags: {},
      permissionsBoundary: null,
      buffering: { seconds: 60, megabytes: 16 },
      athena: {
        workgroup: 'sluice',
        stagingDatabase: 'statsig_staging',
        scanLimitGigabytes: 1_000,
      },
      service: 'sluice',
      encryption: 'kms',
      existing: { bucket: false, keyArn: null, database: false, stagingDatabase: false, workgroup: false },
      readers: [],
      dailyIngest: { hour: 9 },
      exports: [],
      sources: [],
      statsigBucket: null,
      retention: {
        forwardedDays: null,
        quarantineDays: 90,
        queryResultDays: 30,
        landingVersionDays: 7,
        stateVersionDays: 30,
        dataVersionDays: 7,
        denyDeletes: true,
      },
      alarms: {
        topicArn: null,
        invocationsPerHour: 1_000_000,
        refusedKeysPerHour: 10_000,
        silenceFromPerHour: 1_000,
      },
      architecture: 'arm64',
      endpoint: {
        kind: 'http-api',
        domain: null,
        certificateArn: null,
        accessLogDays: null,
        requestsPerSecond: null,
        burst: null,
        accountRequestsPerSecond: null,
      },
    });
  });

  it.each([
    { path: 'bucket', input: { bucket: undefined } },
    { path: 'privacy.salt', input: { privacy: { redact: { 'user.email': 'drop' } } } },
    {
      path: 'privacy.redact',
      input: { privacy: { redact: { 'user..x': 'drop' }, salt: 'sixteen characters' } },
    },
    { path: 'privacy.redact', input: { privacy: { redact: { time: 'drop' }, salt: 'sixteen characters' } } },
    { path: 'privacy.redact', input: { privacy: { redact: { user: 'hash' }, salt: 'sixteen characters' } } },
    {
      path: 'privacy.redact.user.email',
      input: { privacy: { redact: { 'user.email': 'mask' }, salt: 'sixteen characters' } },
    },
    { path: 'tables.events', input: { tables: { events: 'experiment_groups' } } },
    { path: 'curatedTables.exposures', input: { curatedTables: { exposures: 'experiment_groups' } } },
    { path: 'passThrough', input: { passThrough: {} } },
    { path: 'passThrough', input: { passThrough: { statsig: true, url: 'https://proxy.example' } } },
    { path: 'passThrough.url', input: { passThrough: { url: 'http://169.254.169.254/latest' } } },
    { path: 'passThrough.url', input: { passThrough: { url: 'https://user:word@proxy.example' } } },
    { path: 'passThrough.cache', input: { passThrough: { statsig: true, cache: 1 } } },
    { path: 'passThrough', input: { passThrough: { statsig: true }, endpoint: { kind: 'function-url' } } },
    { path: 'region', input: { region: 'eu-west-9' } },
    { path: 'athena.stagingDatabase', input: { database: 'one', athena: { stagingDatabase: 'one' } } },
    { path: 'athena.workgroup', input: { athena: { workgroup: 'primary' } } },
    { path: 'existing.keyArn', input: { existing: { keyArn: 'alias/acme' } } },
    {
      path: 'existing.keyArn',
      input: {
        existing: {
          keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef',
        },
      },
    },
    { path: 'alarms.topicArn', input: { alarms: { topicArn: 'alerts' } } },
    { path: 'endpoint.accessLogDays', input: { endpoint: { kind: 'function-url', accessLogDays: 30 } } },
    { path: 'endpoint.accessLogDays', input: { endpoint: { accessLogDays: 31 } } },
    { path: 'endpoint.certificateArn', input: { endpoint: { domain: 'collect.acme.com' } } },
    { path: 'endpoint.domain', input: { endpoint: { certificateArn } } },
    {
      path: 'endpoint.domain',
      input: { endpoint: { domain: 'collect.acme.com', certificateArn, kind: 'function-url' } },
    },
    ...[
      'https://collect.acme.com',
      '*.acme.com',
      'Collect.acme.com',
      'localhost',
      'a1b2c3.execute-api.us-east-1.amazonaws.com',
    ].map((domain) => ({ path: 'endpoint.domain', input: { endpoint: { domain, certificateArn } } })),
    {
      path: 'endpoint.certificateArn',
      input: {
        endpoint: { domain: 'a.acme.com', certificateArn: 'arn:aws:iam::111122223333:server-certificate/x' },
      },
    },
    ...['aws:team', 'AWS:team', 'STAGE', 'stage', '', 'k'.repeat(129), 'team@acme'].map((key) => ({
      path: `tags.${key}`,
      input: { tags: { [key]: 'data' } },
    })),
    ...['v'.repeat(257), 'a;b', 7].map((team) => ({ path: 'tags.team', input: { tags: { team } } })),
    { path: 'tags.TEAM', input: { tags: { team: 'data', TEAM: 'data' } } },
    {
      path: 'tags',
      input: { tags: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'v'])) },
    },
    ...['boundary', 'arn:aws:iam::111122223333:role/boundary', 'arn:aws:iam::1111:policy/boundary'].map(
      (permissionsBoundary) => ({ path: 'permissionsBoundary', input: { permissionsBoundary } }),
    ),
    {
      path: 'permissionsBoundary',
      input: { account: '444455556666', permissionsBoundary: boundary('boundary') },
    },
    { path: 'exposures.deny.0', input: { exposures: { deny: ['a*b'] } } },
    { path: 'experiments.1.split', input: { experiments: ['a', { name: 'b', split: { only: 1 } }] } },
    {
      path: 'experiments.0.since',
      input: { experiments: [{ name: 'b', split: { control: 1, test: 1 }, since: '2026-11-31' }] },
    },
    {
      path: 'experiments.1.name',
      input: {
        experiments: [
          { name: 'b', split: { control: 1, test: 1 } },
          { name: 'b', split: { control: 1, test: 2 } },
        ],
      },
    },
    // https://docs.aws.amazon.com/lambda/latest/dg/API_ScalingConfig.html
    ...[1, 1_001, 2.5, null].map((concurrency) => ({
      path: 'write.concurrency',
      input: { write: { concurrency } },
    })),
    { path: 'bucket', input: { bucket: 'Acme' } },
    ...['sthree-acme', 'amzn-s3-demo-acme', 'xn--acme', 'acme-s3alias', 'acme--ol-s3', 'acme.mrap'].map(
      (bucket) => ({ path: 'bucket', input: { bucket } }),
    ),
    {
      path: 'readers.0.resultsBucket',
      input: { readers: [{ kind: 'owox', name: 'o', resultsBucket: 'acme--table-s3' }] },
    },
    { path: 'existing.keyArn', input: { existing: { bucket: true } } },
    { path: 'encryption', input: { encryption: 'AES256' } },
    ...['Acme', 's', 'acme_events', 'acme-', 'a'.repeat(17)].map((service) => ({
      path: 'service',
      input: { service },
    })),
    {
      path: 'existing.keyArn',
      input: {
        encryption: 's3',
        existing: { keyArn: 'arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef' },
      },
    },
    {
      path: 'readers.0.keyAdministrator',
      input: {
        encryption: 's3',
        readers: [{ kind: 'statsig', name: 's', as: 'user', keyAdministrator: true }],
      },
    },
    { path: 'database', input: { database: 'default' } },
    { path: 'athena.stagingDatabase', input: { athena: { stagingDatabase: 'default' } } },
    { path: 'tables', input: { tables: null } },
    { path: 'unitIds.', input: { unitIds: { '': 'x' } } },
    { path: 'bucket', input: { bucket: '10.0.0.1' } },
    { path: 'statsigFolder', input: { statsigFolder: '/statsig/' } },
    ...['a*', 'x*y/z', '.', '..', 'a/../b', './a', 'a/.', 'a//b', ''].map((statsigFolder) => ({
      path: 'statsigFolder',
      input: { statsigFolder },
    })),
    { path: 'database', input: { database: 'my db' } },
    { path: 'timeWindow', input: { timeWindow: { pastDays: 365, futureDays: 135 } } },
    {
      path: 'keys.1.sha256',
      input: {
        keys: [
          { label: 'web', sha256: 'a'.repeat(64) },
          { label: 'app', sha256: 'a'.repeat(64) },
        ],
      },
    },
    { path: 'keys.0.kinds', input: { keys: [{ label: 'web', sha256: 'a'.repeat(64), kinds: [] }] } },
    {
      path: 'keys.0.sources.0',
      input: { keys: [{ label: 'drops', sha256: 'a'.repeat(64), sources: ['acme'] }] },
    },
    { path: 'keys.0.sha256', input: { keys: [{ label: 'web', sha256: 'client-abc' }] } },
    { path: 'bukket', input: { bukket: 1 } },
    { path: 'database', input: { database: '1db' } },
    { path: 'holdouts.0', input: { holdouts: ['a '] } },
    { path: 'privacy.redact', input: { privacy: { salt: 'x'.repeat(16), redact: { emial: 'drop' } } } },
    { path: 'bucket', input: { bucket: 'my..bucket' } },
    { path: 'account', input: { account: '000000000000' } },
    { path: 'unitIds.a', input: { unitIds: { a: 'select' } } },
    { path: 'events.allow.0', input: { events: { allow: ['purchase'], deny: ['purchase'] } } },
    { path: 'exposures.allow.1', input: { exposures: { allow: ['a', 'new_*'], deny: ['ne*'] } } },
    {
      path: 'holdouts.0',
      input: { experiments: ['a', { name: 'b', split: { x: 1, y: 1 } }], holdouts: ['b'] },
    },
    { path: 'experiments.0', input: { experiments: [' a'] } },
    {
      path: 'retention.forwardedDays',
      input: { curate: true, curateAfter: 2, retention: { forwardedDays: 2 } },
    },
    {
      path: 'privacy.redact',
      input: { privacy: { salt: 'x'.repeat(16), redact: { 'user.emial': 'drop' } } },
    },
    { path: 'unitIds.companyID', input: { unitIds: { companyID: 'ds' } } },
    { path: 'unitIds.a', input: { unitIds: { a: 'user_id' } } },
    { path: 'unitIds.b', input: { unitIds: { a: 'x', b: 'x' } } },
    { path: 'tables.events', input: { tables: { exposures: 'a', events: 'a' } } },
    { path: 'curatedTables.exposures', input: { curatedTables: { exposures: 'quarantine' } } },
    { path: 'tables.quarantine', input: { tables: { events: 'quarantine' } } },
    { path: 'statsigFolder', input: { statsigFolder: 'quarantine/statsig' } },
    // A view has a column, and another view has the name.
    { path: 'unitIds.country', input: { unitIds: { country: 'country' } } },
    { path: 'tables.exposures', input: { tables: { exposures: 'first_exposures' } } },
  ])('refuses $path of $input', ({ path, input }) => {
    expect(problemPaths(input)).toEqual([path]);
  });

  it('names the value, and the field that may be meant', () => {
    const problems = problemsOf({ bucket: 'acme', database: '1db', keys: [{ lable: 'a' }] });
    expect(problems).toMatch(/^ *database: .*"1db"/m);
    expect(problems).toMatch(/^ *keys\.0\.lable: .*\blabel\b/m);
  });

  it.each([
    { privacy: { salt: 'planted' } },
    { privacy: { salt: 716_243 } },
    { keys: [{ label: 'web', sha256: 'planted' }] },
    { keys: [716_243] },
  ])('shows no secret: %j', (input) => {
    const problems = problemsOf({ bucket: 'acme', ...input });
    expect(problems).toMatch(/expected/);
    expect(problems).not.toMatch(/planted|716243/);
  });

  it('shows nothing of what is no object as a whole', () => {
    expect(() => validateConfig(['planted'])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('planted') }),
    );
  });

  it('accepts what may be meant', () => {
    const redact = { 'user.\\emial': 'drop', '\\emial': 'drop', 'user.custom.emial': 'drop' };
    const events = { allow: ['purchase*'], deny: ['purchase_test'] };
    const privacy = { salt: 'x'.repeat(16), redact };
    expect(problemPaths({ privacy, events, curate: true, retention: { forwardedDays: 3 } })).toEqual([]);
    const keys = [{ label: 'drops', sha256: 'a'.repeat(64), kinds: [], sources: ['acme'] }];
    expect(problemPaths({ keys, sources: [acmeSource()] })).toEqual([]);
  });

  it.each(['statsig', 'a/b', '...', 'a..b', '.hidden/..x/y.', "it's(1)!"])(
    'accepts the folder %s',
    (folder) => {
      expect(defineConfig({ bucket: 'acme', statsigFolder: folder }).statsigFolder).toBe(folder);
    },
  );

  it('accepts boundaries and tags up to what AWS takes', () => {
    const tags = Object.fromEntries(
      Array.from({ length: 49 }, (_, i) => [`${i}`.padEnd(128, 'k'), 'é@/'.padEnd(256, 'v')]),
    );
    for (const more of [
      { tags },
      { tags: { team: '' } },
      { account: '111122223333', permissionsBoundary: boundary('sluice-boundary') },
      { account: '111122223333', permissionsBoundary: 'arn:aws:iam::aws:policy/PowerUserAccess' },
      { permissionsBoundary: 'arn:aws:iam::444455556666:policy/boundary' },
    ])
      expect(problemPaths(more)).toEqual([]);
  });

  it('accepts a window of 500 days with today, as many as a stream can write at once', () => {
    const timeWindow = { pastDays: 365, futureDays: 134 };
    expect(defineConfig({ bucket: 'acme', timeWindow }).timeWindow).toEqual(timeWindow);
  });

  it('accepts `default` if it is configured as existing', () => {
    const config = { bucket: 'acme', database: 'default', existing: { database: true } };
    expect(defineConfig(config).database).toBe('default');
  });

  it.each([null, undefined, 7, 'x', []])('requires an object, and names no field: %j', (input) => {
    expect(() => validateConfig(input)).toThrow(
      expect.objectContaining({ code: 'SLUICE_CONFIG_INVALID', fields: [''] }),
    );
  });

  it.each([
    {
      more: { sources: ['acme'] },
      example: "{ name: '…', bucket: '…', datasets: [{ kind: 'events', name: '…' }] }",
    },
    { more: { exports: ['out'] }, example: "{ name: '…', table: '…', target: { bucket: '…' } }" },
    { more: { alarms: 'mail' }, example: '{ topicArn: ' },
    {
      more: { sources: [{ role: 'arn:aws:iam::111122223333:role/acme' }] },
      example: "{ arn: '…', externalId: '…' }",
    },
  ])('shows an object where one is expected: $more', ({ more, example }) => {
    expect(problemsOf({ bucket: 'acme', ...more })).toContain(example);
  });

  it('never uses zod’s messages, whatever is null, a number, a text or a list', () => {
    const full = defineConfig({ bucket: 'acme' });
    const values = fc.constantFrom(null, -1.5, '', ' ', [], [null], [{}], {}, { a: null });
    fc.assert(
      fc.property(fc.constantFrom(...Object.entries(full)), values, values, ([name, there], first, other) => {
        const inner = Array.isArray(there) || typeof there !== 'object' ? {} : Object(there);
        const members = Object.fromEntries(Object.keys(inner).map((member) => [member, other]));
        for (const value of [first, { ...members }, [first, other]]) {
          expect(problemsOf({ ...full, [name]: value })).not.toMatch(/received|Invalid|Too (small|big)/);
        }
      }),
    );
  });

  it('names every problem at once', () => {
    expect(problemPaths({ bucket: 7, database: 8 })).toEqual(['bucket', 'database']);
  });

  it('rejects a unit ID with the name of an existing column', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RESERVED_COLUMNS), (column) => {
        expect(problemPaths({ unitIds: { someID: column } })).toEqual(['unitIds.someID']);
      }),
    );
  });
});
