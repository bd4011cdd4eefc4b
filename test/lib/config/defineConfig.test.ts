import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { RESERVED_COLUMNS } from '../../../lib/tables/deliveredTables.ts';
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
    ['bucket', { bucket: undefined }],
    ['privacy.salt', { privacy: { redact: { 'user.email': 'drop' } } }],
    ['privacy.redact', { privacy: { redact: { 'user..x': 'drop' }, salt: 'sixteen characters' } }],
    ['privacy.redact', { privacy: { redact: { time: 'drop' }, salt: 'sixteen characters' } }],
    ['privacy.redact', { privacy: { redact: { user: 'hash' }, salt: 'sixteen characters' } }],
    [
      'privacy.redact.user.email',
      { privacy: { redact: { 'user.email': 'mask' }, salt: 'sixteen characters' } },
    ],
    ['privacy.salt', { privacy: { salt: 'too short' } }],
    ['passThrough', { passThrough: {} }],
    ['passThrough', { passThrough: { statsig: true, url: 'https://proxy.example' } }],
    ['passThrough.url', { passThrough: { url: 'http://169.254.169.254/latest' } }],
    ['passThrough.url', { passThrough: { url: 'https://user:word@proxy.example' } }],
    ['passThrough.cache', { passThrough: { statsig: true, cache: 1 } }],
    ['passThrough', { passThrough: { statsig: true }, endpoint: { kind: 'function-url' } }],
    ['region', { region: 'eu-west-9' }],
    ['athena.stagingDatabase', { database: 'one', athena: { stagingDatabase: 'one' } }],
    ['athena.workgroup', { athena: { workgroup: 'primary' } }],
    ['existing.keyArn', { existing: { keyArn: 'alias/acme' } }],
    [
      'existing.keyArn',
      {
        existing: {
          keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef',
        },
      },
    ],
    ['alarms.topicArn', { alarms: { topicArn: 'alerts' } }],
    ['retention.queryResultDays', { retention: { queryResultDays: 0 } }],
    ['endpoint.requestsPerSecond', { endpoint: { requestsPerSecond: 0 } }],
    ['endpoint.accessLogDays', { endpoint: { kind: 'function-url', accessLogDays: 30 } }],
    ['endpoint.accessLogDays', { endpoint: { accessLogDays: 31 } }],
    ['endpoint.kind', { endpoint: { kind: 'rest' } }],
    ['endpoint.certificateArn', { endpoint: { domain: 'collect.acme.com' } }],
    ['endpoint.domain', { endpoint: { certificateArn } }],
    ['endpoint.domain', { endpoint: { domain: 'collect.acme.com', certificateArn, kind: 'function-url' } }],
    ...[
      'https://collect.acme.com',
      '*.acme.com',
      'Collect.acme.com',
      'localhost',
      'a1b2c3.execute-api.us-east-1.amazonaws.com',
    ].map((domain): [string, object] => ['endpoint.domain', { endpoint: { domain, certificateArn } }]),
    [
      'endpoint.certificateArn',
      {
        endpoint: { domain: 'a.acme.com', certificateArn: 'arn:aws:iam::111122223333:server-certificate/x' },
      },
    ],
    ...['aws:team', 'AWS:team', 'STAGE', 'stage', '', 'k'.repeat(129), 'team@acme'].map(
      (key): [string, object] => [`tags.${key}`, { tags: { [key]: 'data' } }],
    ),
    ...['v'.repeat(257), 'a;b', 7].map((team): [string, object] => ['tags.team', { tags: { team } }]),
    ['tags.TEAM', { tags: { team: 'data', TEAM: 'data' } }],
    ['tags', { tags: Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'v'])) }],
    ...['boundary', 'arn:aws:iam::111122223333:role/boundary', 'arn:aws:iam::1111:policy/boundary'].map(
      (permissionsBoundary): [string, object] => ['permissionsBoundary', { permissionsBoundary }],
    ),
    ['permissionsBoundary', { account: '444455556666', permissionsBoundary: boundary('boundary') }],
    ['events.allow', { events: { allow: [] } }],
    ['exposures.deny.0', { exposures: { deny: ['a*b'] } }],
    ['experiments.1.split', { experiments: ['a', { name: 'b', split: { only: 1 } }] }],
    ['experiments.0.split.control', { experiments: [{ name: 'b', split: { control: 0, test: 1 } }] }],
    ['experiments.0', { experiments: [7] }],
    [
      'experiments.1.name',
      {
        experiments: [
          { name: 'b', split: { control: 1, test: 1 } },
          { name: 'b', split: { control: 1, test: 2 } },
        ],
      },
    ],
    ['logs.successes', { logs: { successes: 2 } }],
    ['collector.reservedConcurrency', { collector: { reservedConcurrency: 0 } }],
    // https://docs.aws.amazon.com/lambda/latest/dg/API_ScalingConfig.html
    ...[1, 1_001, 2.5, null].map((concurrency): [string, object] => [
      'write.concurrency',
      { write: { concurrency } },
    ]),
    ['logs.seed', { logs: { seed: 7 } }],
    ['bucket', { bucket: 7 }],
    ['bucket', { bucket: 'Acme' }],
    ...['sthree-acme', 'amzn-s3-demo-acme', 'xn--acme', 'acme-s3alias', 'acme--ol-s3', 'acme.mrap'].map(
      (bucket): [string, object] => ['bucket', { bucket }],
    ),
    ['readers.0.resultsBucket', { readers: [{ kind: 'owox', name: 'o', resultsBucket: 'acme--table-s3' }] }],
    ['existing.keyArn', { existing: { bucket: true } }],
    ['encryption', { encryption: 'AES256' }],
    ...['Acme', 's', 'acme_events', 'acme-', 'a'.repeat(17)].map((service): [string, object] => [
      'service',
      { service },
    ]),
    [
      'existing.keyArn',
      {
        encryption: 's3',
        existing: { keyArn: 'arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef' },
      },
    ],
    [
      'readers.0.keyAdministrator',
      {
        encryption: 's3',
        readers: [{ kind: 'statsig', name: 's', as: 'user', keyAdministrator: true }],
      },
    ],
    ['database', { database: 'default' }],
    ['athena.stagingDatabase', { athena: { stagingDatabase: 'default' } }],
    ['tables', { tables: null }],
    ['unitIds', { unitIds: null }],
    ['keys', { keys: null }],
    ['unitIds.', { unitIds: { '': 'x' } }],
    ['bucket', { bucket: '10.0.0.1' }],
    ['statsigFolder', { statsigFolder: '/statsig/' }],
    ...['a*', 'x*y/z', '.', '..', 'a/../b', './a', 'a/.', 'a//b', ''].map(
      (statsigFolder): [string, object] => ['statsigFolder', { statsigFolder }],
    ),
    ['database', { database: 'my db' }],
    ['tables.exposures', { tables: { exposures: 3 } }],
    ['timeWindow.pastDays', { timeWindow: { pastDays: -1 } }],
    ['timeWindow.pastDays', { timeWindow: { pastDays: 1.5 } }],
    ['timeWindow', { timeWindow: { pastDays: 365, futureDays: 135 } }],
    ['buffering.megabytes', { buffering: { megabytes: 0 } }],
    ['buffering.seconds', { buffering: { seconds: 5 } }],
    ['buffering.seconds', { buffering: { seconds: 901 } }],
    [
      'keys.1.sha256',
      {
        keys: [
          { label: 'web', sha256: 'a'.repeat(64) },
          { label: 'app', sha256: 'a'.repeat(64) },
        ],
      },
    ],
    ['keys.0.kinds', { keys: [{ label: 'web', sha256: 'a'.repeat(64), kinds: [] }] }],
    ['keys.0.sources.0', { keys: [{ label: 'drops', sha256: 'a'.repeat(64), sources: ['acme'] }] }],
    ['keys.0.sha256', { keys: [{ label: 'web', sha256: 'client-abc' }] }],
    ['bukket', { bukket: 1 }],
    ['unitID', { unitID: {} }],
    ['alarms.topicARN', { alarms: { topicARN: 'a' } }],
    ['endpoint.most', { endpoint: { most: 1 } }],
    ['bucket', { bucket: 'my..bucket' }],
    ['database', { database: '1db' }],
    ['account', { account: '000000000000' }],
    ['unitIds.a', { unitIds: { a: 'select' } }],
    ['tables.events', { tables: { events: 'values' } }],
    ['events.allow.0', { events: { allow: ['purchase'], deny: ['purchase'] } }],
    ['exposures.allow.1', { exposures: { allow: ['a', 'new_*'], deny: ['ne*'] } }],
    ['holdouts.0', { experiments: ['a', { name: 'b', split: { x: 1, y: 1 } }], holdouts: ['b'] }],
    ['experiments.0', { experiments: [' a'] }],
    ['holdouts.0', { holdouts: ['a '] }],
    ['retention.forwardedDays', { curate: true, curateAfter: 2, retention: { forwardedDays: 2 } }],
    ['privacy.redact', { privacy: { salt: 'x'.repeat(16), redact: { 'user.emial': 'drop' } } }],
    ['privacy.redact', { privacy: { salt: 'x'.repeat(16), redact: { emial: 'drop' } } }],
    ['unitIds.companyID', { unitIds: { companyID: 'ds' } }],
    ['unitIds.a', { unitIds: { a: 'user_id' } }],
    ['unitIds.b', { unitIds: { a: 'x', b: 'x' } }],
    ['tables.events', { tables: { exposures: 'a', events: 'a' } }],
    ['curatedTables.exposures', { curatedTables: { exposures: 'quarantine' } }],
    ['tables.quarantine', { tables: { events: 'quarantine' } }],
    ['statsigFolder', { statsigFolder: 'quarantine/statsig' }],
  ])('refuses %s of %j', (path, input) => {
    expect(problemPaths(input)).toEqual([path]);
  });

  it('names the value and what is expected, and the field that may be meant', () => {
    const problems = problemsOf({ bucket: 'acme', database: '1db', keys: [{ lable: 'a' }] });
    expect(problems).toContain('database: got "1db", expected ');
    expect(problems).toMatch(/keys\.0\.lable: .*Did you mean label\?/);
  });

  it.each([{ privacy: { salt: 'planted' } }, { keys: [{ label: 'web', sha256: 'planted' }] }])(
    'shows no secret: %j',
    (input) => expect(problemsOf({ bucket: 'acme', ...input })).not.toContain('planted'),
  );

  it('accepts what may be meant', () => {
    const redact = { 'user.\\emial': 'drop', '\\emial': 'drop', 'user.custom.emial': 'drop' };
    const events = { allow: ['purchase*'], deny: ['purchase_test'] };
    const privacy = { salt: 'x'.repeat(16), redact };
    expect(problemPaths({ privacy, events, curate: true, retention: { forwardedDays: 3 } })).toEqual([]);
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

  it('accepts as many days as a stream can write at once', () => {
    const timeWindow = { pastDays: 365, futureDays: 134 };
    expect(defineConfig({ bucket: 'acme', timeWindow }).timeWindow).toEqual(timeWindow);
  });

  it('accepts `default` if it is configured as existing', () => {
    const config = { bucket: 'acme', database: 'default', existing: { database: true } };
    expect(defineConfig(config).database).toBe('default');
  });

  it.each([null, undefined, 7, 'x', []])('requires an object: %j', (input) => {
    expect(problemsOf(input)).toMatch(
      /the configuration: got .*, expected an object such as \{ bucket: '…' \}\.$/,
    );
  });

  it.each([
    [{ sources: ['acme'] }, "{ name: '…', bucket: '…', datasets: [{ kind: 'events', name: '…' }] }"],
    [{ exports: ['out'] }, "{ name: '…', table: '…', target: { bucket: '…' } }"],
    [{ alarms: 'mail' }, '{ topicArn: '],
  ])('shows an object where one is expected: %j', (more, example) => {
    expect(problemsOf({ bucket: 'acme', ...more })).toContain(`expected an object such as ${example}`);
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
