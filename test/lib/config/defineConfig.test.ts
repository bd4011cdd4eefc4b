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

const redacting = (redact: object) => ({ privacy: { redact, salt: 'sixteen characters' } });
const sha256 = 'a'.repeat(64);
const split = { control: 1, test: 1 };
const statsig = { kind: 'statsig', name: 's', as: 'user', keyAdministrator: true };

/** Values that are refused for themselves, by the path of their field. */
const REFUSED_VALUES: Readonly<Record<string, readonly unknown[]>> = {
  bucket: [
    undefined,
    'Acme',
    '10.0.0.1',
    'my..bucket',
    'sthree-acme',
    'amzn-s3-demo-acme',
    'xn--acme',
    'acme-s3alias',
    'acme--ol-s3',
    'acme.mrap',
  ],
  bukket: [1],
  account: ['000000000000'],
  region: ['eu-west-9'],
  service: ['Acme', 's', 'acme_events', 'acme-', 'a'.repeat(17)],
  encryption: ['AES256'],
  'existing.keyArn': [
    'alias/acme',
    'arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef',
  ],
  database: ['default', 'my db', '1db'],
  'athena.stagingDatabase': ['default'],
  'athena.workgroup': ['primary'],
  statsigFolder: [
    '/statsig/',
    'quarantine/statsig',
    'a*',
    'x*y/z',
    '.',
    '..',
    'a/../b',
    './a',
    'a/.',
    'a//b',
    '',
  ],
  tables: [null],
  'tables.events': ['experiment_groups'],
  // Another view has the name.
  'tables.exposures': ['first_exposures'],
  'curatedTables.exposures': ['experiment_groups', 'quarantine'],
  'unitIds.': ['x'],
  'unitIds.a': ['select', 'user_id'],
  'unitIds.companyID': ['ds'],
  // A view has a column of the name.
  'unitIds.country': ['country'],
  passThrough: [{}, { statsig: true, url: 'https://proxy.example' }],
  'passThrough.url': ['http://169.254.169.254/latest', 'https://user:word@proxy.example'],
  timeWindow: [{ pastDays: 365, futureDays: 135 }],
  // https://docs.aws.amazon.com/lambda/latest/dg/API_ScalingConfig.html
  'write.concurrency': [1, 1_001, 2.5, null],
  'alarms.topicArn': ['alerts'],
  'endpoint.accessLogDays': [31],
  tags: [Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'v']))],
  'tags.team': ['v'.repeat(257), 'a;b', 7],
  permissionsBoundary: [
    'boundary',
    'arn:aws:iam::111122223333:role/boundary',
    'arn:aws:iam::1111:policy/boundary',
  ],
};
/** Inputs with such values. */
const byValue = (values: typeof REFUSED_VALUES) =>
  Object.entries(values).flatMap(([path, each]) =>
    each.map((value) => {
      const input = path.split('.').reduceRight((inner, name) => ({ [name]: inner }), value);
      return { path, input: Object(input) };
    }),
  );

/** Inputs of which a field is refused beside others, or in a list, by its path. */
const REFUSED: Readonly<Record<string, readonly object[]>> = {
  'privacy.salt': [{ privacy: { redact: { 'user.email': 'drop' } } }],
  'privacy.redact': [{ 'user..x': 'drop' }, { time: 'drop' }, { user: 'hash' }].map(redacting),
  'privacy.redact.user.email': [redacting({ 'user.email': 'mask' })],
  'passThrough.cache': [{ passThrough: { statsig: true, cache: 1 } }],
  passThrough: [{ passThrough: { statsig: true }, endpoint: { kind: 'function-url' } }],
  'athena.stagingDatabase': [{ database: 'one', athena: { stagingDatabase: 'one' } }],
  'formerStatsigFolders.0.folder': [
    { statsigFolder: 'one', formerStatsigFolders: [{ folder: 'one', until: '2026-11-01' }] },
  ],
  'formerStatsigFolders.1.folder': [
    {
      formerStatsigFolders: [
        { folder: 'one', until: '2026-11-01' },
        { folder: 'one', until: '2026-11-02' },
      ],
    },
  ],
  'formerStatsigFolders.1.until': [
    {
      formerStatsigFolders: [
        { folder: 'one', until: '2026-11-01' },
        { folder: 'two', until: '2026-11-01' },
      ],
    },
  ],
  'endpoint.accessLogDays': [{ endpoint: { kind: 'function-url', accessLogDays: 30 } }],
  'endpoint.certificateArn': [
    { endpoint: { domain: 'collect.acme.com' } },
    { endpoint: { domain: 'a.acme.com', certificateArn: 'arn:aws:iam::111122223333:server-certificate/x' } },
  ],
  'endpoint.domain': [
    { endpoint: { certificateArn } },
    { endpoint: { domain: 'collect.acme.com', certificateArn, kind: 'function-url' } },
    ...[
      'https://collect.acme.com',
      '*.acme.com',
      'Collect.acme.com',
      'localhost',
      'a1b2c3.execute-api.us-east-1.amazonaws.com',
    ].map((domain) => ({ endpoint: { domain, certificateArn } })),
  ],
  'tags.TEAM': [{ tags: { team: 'data', TEAM: 'data' } }],
  permissionsBoundary: [{ account: '444455556666', permissionsBoundary: boundary('boundary') }],
  'exposures.deny.0': [{ exposures: { deny: ['a*b'] } }],
  'exposures.allow.1': [{ exposures: { allow: ['a', 'new_*'], deny: ['ne*'] } }],
  'events.allow.0': [{ events: { allow: ['purchase'], deny: ['purchase'] } }],
  'experiments.0': [{ experiments: [' a'] }],
  'experiments.0.since': [{ experiments: [{ name: 'b', split, since: '2026-11-31' }] }],
  'experiments.1.split': [{ experiments: ['a', { name: 'b', split: { only: 1 } }] }],
  'experiments.1.name': [
    {
      experiments: [
        { name: 'b', split },
        { name: 'b', split: { ...split, test: 2 } },
      ],
    },
  ],
  'holdouts.0': [{ holdouts: ['a '] }, { experiments: ['a', { name: 'b', split }], holdouts: ['b'] }],
  'readers.0.resultsBucket': [{ readers: [{ kind: 'owox', name: 'o', resultsBucket: 'acme--table-s3' }] }],
  'readers.0.keyAdministrator': [{ encryption: 's3', readers: [statsig] }],
  'existing.keyArn': [
    { existing: { bucket: true } },
    {
      encryption: 's3',
      existing: { keyArn: 'arn:aws:kms:us-east-1:111122223333:key/01234567-89ab-cdef-0123-456789abcdef' },
    },
  ],
  'keys.0.label': [{ keys: [{ label: 'any', sha256 }] }],
  'keys.0.kinds': [{ keys: [{ label: 'web', sha256, kinds: [] }] }],
  'keys.0.sha256': [{ keys: [{ label: 'web', sha256: 'client-abc' }] }],
  'keys.0.sources.0': [{ keys: [{ label: 'drops', sha256, sources: ['acme'] }] }],
  'keys.1.sha256': [
    {
      keys: [
        { label: 'web', sha256 },
        { label: 'app', sha256 },
      ],
    },
  ],
  'retention.forwardedDays': [{ curate: true, curateAfter: 2, retention: { forwardedDays: 2 } }],
  'tables.events': [{ tables: { exposures: 'a', events: 'a' } }],
  'tables.quarantine': [{ tables: { events: 'quarantine' } }],
  'unitIds.b': [{ unitIds: { a: 'x', b: 'x' } }],
};

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
    ...byValue(REFUSED_VALUES),
    ...Object.entries(REFUSED).flatMap(([path, inputs]) => inputs.map((input) => ({ path, input }))),
    ...['aws:team', 'AWS:team', 'STAGE', 'stage', '', 'k'.repeat(129), 'team@acme'].map((key) => ({
      path: `tags.${key}`,
      input: { tags: { [key]: 'data' } },
    })),
  ])('refuses $path of $input', ({ path, input }) => {
    expect(problemPaths(input)).toEqual([path]);
  });

  it('names the value, and the field that may be meant', () => {
    const problems = problemsOf({ bucket: 'acme', database: '1db', keys: [{ lable: 'a' }] });
    expect(problems).toMatch(/^ *database: .*"1db"/m);
    expect(problems).toMatch(/^ *keys\.0\.lable: .*\blabel\b/m);
  });

  it('shows neither a salt nor a key, whatever they are', () => {
    for (const input of [
      { privacy: { salt: 'planted' } },
      { privacy: { salt: 716_243 } },
      { privacy: 'planted' },
      { privacy: ['planted'] },
      { keys: [{ label: 'web', sha256: 'planted' }] },
      { keys: [716_243] },
    ]) {
      const problems = problemsOf({ bucket: 'acme', ...input });
      expect(problems).toMatch(/expected/);
      expect(problems).not.toMatch(/planted|716243/);
    }
  });

  it('shows nothing of what is no object as a whole', () => {
    expect(() => validateConfig(['planted'])).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('planted') }),
    );
  });

  it('accepts what may be meant', () => {
    const redact = { 'user.\\emial': 'drop', '\\emial': 'drop', 'user.custom.emial': 'drop' };
    const events = { allow: ['purchase*'], deny: ['purchase_test'] };
    expect(
      problemPaths({ ...redacting(redact), events, curate: true, retention: { forwardedDays: 3 } }),
    ).toEqual([]);
    const keys = [{ label: 'drops', sha256, kinds: [], sources: ['acme'] }];
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
  ])('shows an object where one is expected: $example', ({ more, example }) => {
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
