import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConfigError } from '../../../lib/config/ConfigError.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { RESERVED_COLUMNS } from '../../../lib/tables/deliveredTables.ts';

function problemsOf(input: unknown): string {
  try {
    Reflect.apply(defineConfig, undefined, [input]);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

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
      unitIds: {},
      jsonPaths: {},
      timeWindow: { pastDays: 7, futureDays: 1 },
      experiments: [],
      holdouts: null,
      keys: [],
      keysInSecret: false,
      collector: { reservedConcurrency: null, accountConcurrency: null },
      allowAnyKey: false,
      landing: 'firehose',
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
        loadScanLimitGigabytes: 2_000,
      },
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
      alarms: { topicArn: null, invocationsPerHour: 1_000_000, refusedKeysPerHour: 10_000 },
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
    [{}, 'bucket: got nothing, expected a bucket name.'],
    [
      { bucket: 'acme', privacy: { redact: { 'user.email': 'drop' } } },
      'privacy.salt: got nothing, expected a text of at least 16 characters, since something is redacted.',
    ],
    [
      { bucket: 'acme', privacy: { redact: { 'user..x': 'drop' }, salt: 'sixteen characters' } },
      'privacy.redact: got "user..x", expected a path such as user.email',
    ],
    [
      { bucket: 'acme', privacy: { redact: { time: 'drop' }, salt: 'sixteen characters' } },
      'privacy.redact: got "time", expected another member of the event',
    ],
    [
      { bucket: 'acme', privacy: { redact: { user: 'hash' }, salt: 'sixteen characters' } },
      'privacy.redact: got "user", expected drop, or a path to what is to be hashed in it.',
    ],
    [
      { bucket: 'acme', privacy: { redact: { 'user.email': 'mask' }, salt: 'sixteen characters' } },
      'privacy.redact.user.email: got "mask", expected drop or hash.',
    ],
    [
      { bucket: 'acme', privacy: { salt: 'too short' } },
      'privacy.salt: got a text of 9 characters, expected at least 16 characters.',
    ],
    [
      { bucket: 'acme', passThrough: {} },
      'passThrough: got {}, expected { statsig: true } or { url: "https://…" }.',
    ],
    [
      { bucket: 'acme', passThrough: { statsig: true, url: 'https://proxy.example' } },
      'expected { statsig: true } or { url',
    ],
    [
      { bucket: 'acme', passThrough: { url: 'http://169.254.169.254/latest' } },
      'passThrough.url: got "http://169.254.169.254/latest", expected https://host or https://host/base',
    ],
    [
      { bucket: 'acme', passThrough: { url: 'https://user:word@proxy.example' } },
      'expected https://host or https://host/base, without query',
    ],
    [{ bucket: 'acme', passThrough: { statsig: true, cache: 1 } }, 'passThrough.cache: no such field.'],
    [
      { bucket: 'acme', passThrough: { statsig: true }, endpoint: { kind: 'function-url' } },
      'passThrough: expected null with `endpoint.kind` function-url',
    ],
    [
      { bucket: 'acme', region: 'eu-west-9' },
      'region: got "eu-west-9", expected a region that has all of the services',
    ],
    [
      { bucket: 'acme', database: 'one', athena: { stagingDatabase: 'one' } },
      'athena.stagingDatabase: got "one", expected another database than `database`',
    ],
    [
      { bucket: 'acme', athena: { workgroup: 'primary' } },
      'athena.workgroup: got "primary", expected a workgroup of its own',
    ],
    [
      { bucket: 'acme', existing: { keyArn: 'alias/acme' } },
      'existing.keyArn: got "alias/acme", expected the ARN of a KMS key of one region',
    ],
    [
      {
        bucket: 'acme',
        existing: {
          keyArn: 'arn:aws:kms:eu-west-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef',
        },
      },
      'existing.keyArn: got "arn:aws:kms:eu-west-1:111122223333:key/mrk-',
    ],
    [
      { bucket: 'acme', alarms: { topicArn: 'alerts' } },
      'alarms.topicArn: got "alerts", expected the ARN of an SNS topic',
    ],
    [
      { bucket: 'acme', retention: { queryResultDays: 0 } },
      'retention.queryResultDays: got 0, expected 1 or more: null keeps for good.',
    ],
    [
      { bucket: 'acme', endpoint: { requestsPerSecond: 0 } },
      'endpoint.requestsPerSecond: got 0, expected 1 or more',
    ],
    [{ bucket: 'acme', events: { allow: [] } }, 'events.allow: got [], expected at least one name.'],
    [
      { bucket: 'acme', exposures: { deny: ['a*b'] } },
      'exposures.deny.0: got "a*b", expected a name, or a prefix and a * at its end.',
    ],
    [
      { bucket: 'acme', experiments: ['a', { name: 'b', split: { only: 1 } }] },
      'experiments.1.split: got {"only":1}, expected at least two groups.',
    ],
    [
      { bucket: 'acme', experiments: [{ name: 'b', split: { control: 0, test: 1 } }] },
      'experiments.0.split.control: got 0, expected a number above 0.',
    ],
    [
      { bucket: 'acme', experiments: [{ name: 'b', splits: { control: 1, test: 1 } }] },
      'experiments.0.splits: no such field.',
    ],
    [
      { bucket: 'acme', experiments: [7] },
      'experiments.0: got 7, expected an experiment name, or { name, split }.',
    ],
    [
      {
        bucket: 'acme',
        experiments: [
          { name: 'b', split: { control: 1, test: 1 } },
          { name: 'b', split: { control: 1, test: 2 } },
        ],
      },
      'experiments.1.name: got "b", expected one split for each experiment.',
    ],
    [{ bucket: 'acme', logs: { successes: 2 } }, 'logs.successes: got 2, expected 1 at most.'],
    [
      { bucket: 'acme', collector: { reservedConcurrency: 0 } },
      'collector.reservedConcurrency: got 0, expected 1 or more: 0 would take nothing.',
    ],
    [{ bucket: 'acme', logs: { seed: 7 } }, 'logs.seed: no such field.'],
    [{ bucket: 7 }, 'bucket: got 7, expected a bucket name.'],
    [{ bucket: 'Acme' }, 'bucket: got "Acme", expected an S3 bucket name: 3 to 63 of a-z 0-9 . -, a letter'],
    ...['sthree-acme', 'amzn-s3-demo-acme', 'xn--acme', 'acme-s3alias', 'acme--ol-s3', 'acme.mrap'].map(
      (bucket): [object, string] => [{ bucket }, `bucket: got "${bucket}", expected an S3 bucket name that`],
    ),
    [
      { bucket: 'acme', readers: [{ kind: 'owox', name: 'o', resultsBucket: 'acme--table-s3' }] },
      'readers.0.resultsBucket: got "acme--table-s3", expected an S3 bucket name that does not begin',
    ],
    [
      { bucket: 'acme', existing: { bucket: true } },
      'existing.keyArn: got null, expected the ARN of the KMS key that the existing bucket is encrypted with',
    ],
    [
      { bucket: 'acme', database: 'default' },
      'database: got "default", which every account has already: expected another database, or existing.database: true.',
    ],
    [
      { bucket: 'acme', athena: { stagingDatabase: 'default' } },
      'athena.stagingDatabase: got "default", which every account has already',
    ],
    [{ bucket: 'acme', tables: null }, 'tables: got null, expected an object.'],
    [{ bucket: 'acme', unitIds: null }, 'unitIds: got null, expected an object.'],
    [{ bucket: 'acme', keys: null }, 'keys: got null, expected a list.'],
    [{ bucket: 'acme', unitIds: { '': 'x' } }, 'unitIds.: got "x", expected a name.'],
    [{ bucket: '10.0.0.1' }, 'bucket: got "10.0.0.1", expected an S3 bucket name'],
    [
      { bucket: 'acme', statsigFolder: '/statsig/' },
      'statsigFolder: got "/statsig/", expected a folder without slash',
    ],
    ...['a*', 'x*y/z', '.', '..', 'a/../b', './a', 'a/.', 'a//b', ''].map(
      (statsigFolder): [object, string] => [
        { bucket: 'acme', statsigFolder },
        `statsigFolder: got ${JSON.stringify(statsigFolder)}, expected a folder`,
      ],
    ),
    [
      { bucket: 'acme', database: 'my db' },
      'database: got "my db", expected a database name: letters, digits, _ and -, at most 255, no digit or - first',
    ],
    [{ bucket: 'acme', tables: { exposures: 3 } }, 'tables.exposures: got 3, expected a table name.'],
    [{ bucket: 'acme', timeWindow: { pastDays: -1 } }, 'timeWindow.pastDays: got -1, expected 0 or more.'],
    [{ bucket: 'acme', timeWindow: { pastDays: 1.5 } }, 'timeWindow.pastDays: got 1.5, expected whole days.'],
    [
      { bucket: 'acme', timeWindow: { pastDays: 365, futureDays: 135 } },
      'timeWindow: got 501 days (pastDays, futureDays and today), expected 500 at most',
    ],
    [{ bucket: 'acme', buffering: { megabytes: 0 } }, 'buffering.megabytes: got 0, expected 1 or more.'],
    [{ bucket: 'acme', buffering: { seconds: 5 } }, 'buffering.seconds: got 5, expected 10 or more'],
    [
      {
        bucket: 'acme',
        keys: [
          { label: 'web', sha256: 'a'.repeat(64) },
          { label: 'app', sha256: 'a'.repeat(64) },
        ],
      },
      'keys.1.sha256: expected another key than keys.0 (web).',
    ],
    [
      { bucket: 'acme', keys: [{ label: 'web', sha256: 'a'.repeat(64), kinds: [] }] },
      'keys.0.kinds: got [], expected at least one of exposures, events.',
    ],
    [
      { bucket: 'acme', keys: [{ label: 'drops', sha256: 'a'.repeat(64), sources: ['acme'] }] },
      'keys.0.sources.0: got "acme", expected no name, as there are no `sources`.',
    ],
    [
      { bucket: 'acme', keys: [{ label: 'web', sha256: 'client-abc' }] },
      'keys.0.sha256: got a text of 10 characters, expected 64 lower-case hex digits',
    ],
    [{ bucket: 'acme', bukket: 1 }, 'bukket: no such field. Did you mean bucket?'],
    [{ bucket: 'acme', unitID: {} }, 'unitID: no such field. Did you mean unitIds?'],
    [{ bucket: 'acme', alarms: { topicARN: 'a' } }, 'alarms.topicARN: no such field. Did you mean topicArn?'],
    [{ bucket: 'acme', endpoint: { most: 1 } }, 'endpoint.most: no such field.'],
    [{ bucket: 'acme', keys: [{ lable: 'a' }] }, 'keys.0.lable: no such field. Did you mean label?'],
    [{ bucket: 'my..bucket' }, 'no .. and no IP address'],
    [{ bucket: 'acme', database: '1db' }, 'no digit or - first'],
    [{ bucket: 'acme', account: '000000000000' }, 'account: got "000000000000"'],
    [{ bucket: 'acme', unitIds: { a: 'select' } }, 'expected no reserved word of SQL'],
    [
      { bucket: 'acme', jsonPaths: { order: 'user.custom.order' } },
      'jsonPaths.order: expected a column that',
    ],
    [{ bucket: 'acme', tables: { events: 'values' } }, 'expected no reserved word of SQL'],
    [
      { bucket: 'acme', events: { allow: ['purchase'], deny: ['purchase'] } },
      'events.allow.0: got "purchase", expected a name that `deny` does not have: "purchase" is there.',
    ],
    [
      { bucket: 'acme', exposures: { allow: ['a', 'new_*'], deny: ['ne*'] } },
      'exposures.allow.1: got "new_*", expected a name that `deny` does not have: "ne*" is there.',
    ],
    [
      { bucket: 'acme', experiments: ['a', { name: 'b', split: { x: 1, y: 1 } }], holdouts: ['b'] },
      'holdouts.0: got "b", expected a name that is not in `experiments`',
    ],
    [{ bucket: 'acme', experiments: [' a'] }, 'experiments.0: got " a", expected an experiment name'],
    [{ bucket: 'acme', holdouts: ['a '] }, 'holdouts.0: got "a ", expected a holdout name without white'],
    [
      { bucket: 'acme', curate: true, curateAfter: 2, retention: { forwardedDays: 2 } },
      'retention.forwardedDays: got 2, expected more than curateAfter, 2',
    ],
    [
      { bucket: 'acme', privacy: { salt: 'x'.repeat(16), redact: { 'user.emial': 'drop' } } },
      'privacy.redact: got "user.emial", expected a member of a user',
    ],
    [
      { bucket: 'acme', privacy: { salt: 'x'.repeat(16), redact: { emial: 'drop' } } },
      'privacy.redact: got "emial", expected a path that begins',
    ],
    [
      { bucket: 'acme', unitIds: { companyID: 'ds' } },
      'unitIds.companyID: got "ds", expected a column that the tables don’t have already.',
    ],
    [{ bucket: 'acme', unitIds: { a: 'user_id' } }, 'unitIds.a: got "user_id"'],
    [
      { bucket: 'acme', unitIds: { a: 'x', b: 'x' } },
      'unitIds.b: got "x", expected another column than unitIds.a.',
    ],
    [
      { bucket: 'acme', tables: { exposures: 'a', events: 'a' } },
      'tables.events: got "a", expected another name than tables.exposures.',
    ],
    [
      { bucket: 'acme', curatedTables: { exposures: 'quarantine' } },
      'curatedTables.exposures: got "quarantine", expected another name than tables.quarantine.',
    ],
    [
      { bucket: 'acme', tables: { events: 'quarantine' } },
      'tables.quarantine: got "quarantine", expected another name than tables.events.',
    ],
    [
      { bucket: 'acme', statsigFolder: 'quarantine/statsig' },
      'statsigFolder: got "quarantine/statsig", expected a folder outside quarantine/, which has another use.',
    ],
  ])('names the field, the value and what is expected: %j', (input, expected) => {
    expect(problemsOf(input).replaceAll("'", '’')).toContain(expected.replaceAll("'", '’'));
  });

  it('accepts what may be meant', () => {
    const redact = { 'user.\\emial': 'drop', '\\emial': 'drop', 'user.custom.emial': 'drop' };
    const events = { allow: ['purchase*'], deny: ['purchase_test'] };
    const retention = { forwardedDays: 3 };
    expect(
      problemsOf({
        bucket: 'acme',
        privacy: { salt: 'x'.repeat(16), redact },
        events,
        curate: true,
        retention,
      }),
    ).toBe('');
  });

  it.each(['statsig', 'a/b', '...', 'a..b', '.hidden/..x/y.', "it's(1)!"])(
    'accepts the folder %s',
    (folder) => {
      expect(defineConfig({ bucket: 'acme', statsigFolder: folder }).statsigFolder).toBe(folder);
    },
  );

  it('accepts as many days as a stream can write at once', () => {
    const timeWindow = { pastDays: 365, futureDays: 134 };
    expect(defineConfig({ bucket: 'acme', timeWindow }).timeWindow).toEqual(timeWindow);
  });

  it('accepts `default` if it is configured as existing', () => {
    const config = { bucket: 'acme', database: 'default', existing: { database: true } };
    expect(defineConfig(config).database).toBe('default');
  });

  it.each([null, undefined, 7, 'x', []])('requires an object: %j', (input) => {
    expect(problemsOf(input)).toMatch(/the configuration: got .*, expected an object\.$/);
  });

  it('never uses zod’s messages, whatever is null, a number, a text or a list', () => {
    const full = defineConfig({ bucket: 'acme' });
    const values = fc.constantFrom(null, -1.5, '', ' ', [], [null], [{}], {}, { a: null });
    fc.assert(
      fc.property(fc.constantFrom(...Object.entries(full)), values, values, ([name, there], one, other) => {
        const inner = Array.isArray(there) || typeof there !== 'object' ? {} : Object(there);
        const members = Object.fromEntries(Object.keys(inner).map((member) => [member, other]));
        for (const value of [one, { ...members }, [one, other]]) {
          expect(problemsOf({ ...full, [name]: value })).not.toMatch(/received|Invalid|Too (small|big)/);
        }
      }),
    );
  });

  it('names every problem at once', () => {
    expect(problemsOf({ bucket: 7, database: 8 }).split('\n')).toHaveLength(3);
  });

  it('rejects a unit ID with the name of an existing column', () => {
    fc.assert(
      fc.property(fc.constantFrom(...RESERVED_COLUMNS), (column) => {
        expect(problemsOf({ bucket: 'acme', unitIds: { someID: column } })).toContain('unitIds.someID');
      }),
    );
  });
});
