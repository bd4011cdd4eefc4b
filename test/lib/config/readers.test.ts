import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { problemPaths } from './problemPaths.ts';

const statsig = { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' };
const owox = { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' };
const metabase = { kind: 'metabase', name: 'metabase' };
const ACCOUNT = '444455556666';
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const orders = { database: 'finance', tables: ['orders'], locations: ['s3://acme-finance/orders/'] };
const ROOT = 'arn:aws:iam::444455556666:root';

const problems = (readers: object[], more: object = {}) =>
  problemPaths({ bucket: 'acme-experiments', readers, ...more }, 'readers.');

describe('the configuration of readers', () => {
  it('accepts one of each kind, and fills in defaults', () => {
    expect(problems([statsig, owox, metabase])).toEqual([]);
    const { readers } = defineConfig({
      bucket: 'acme-experiments',
      readers: [
        { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' },
        { kind: 'metabase', name: 'bi' },
      ],
    });
    expect(readers).toEqual([
      {
        kind: 'owox',
        name: 'owox',
        resultsBucket: 'acme-owox',
        ownDatabase: 'owox',
        keySerial: 1,
        existingResultsBucket: false,
        alsoReads: [],
        policies: [],
      },
      {
        kind: 'metabase',
        name: 'bi',
        as: 'user',
        ownDatabase: null,
        keySerial: 1,
        allowNoExternalId: false,
        alsoReads: [],
        policies: [],
      },
    ]);
  });

  it.each([
    [statsig],
    [{ ...statsig, principal: 'arn:aws:iam::123456789012:user/statsig-service' }],
    [{ kind: 'statsig', name: 's', principal: '123456789012', allowNoExternalId: true }],
    [{ kind: 'statsig', name: 's', as: 'user', statsigForwardsHere: true, keyAdministrator: true }],
    [{ ...metabase, as: 'role', principal: 'ecs-tasks' }],
    [{ ...metabase, as: 'role', principal: ROOT, externalId: 'bi-7f3b' }],
    [{ ...metabase, as: 'role', principal: ROOT, allowNoExternalId: true }],
    [{ ...metabase, as: 'role', principal: ROOT.replace('root', 'role/bi') }],
    [{ ...metabase, ownDatabase: 'metabase' }],
    [{ ...metabase, workgroup: 'primary' }],
    [{ ...statsig, workgroup: 'primary', resultLocation: 's3://acme-experiments/statsig-results' }],
    [{ ...owox, existingResultsBucket: true, resultsKeyArn: KEY }],
    [{ ...owox, iamName: 'OWOXDataMarts' }],
    [{ ...statsig, iamName: 'a+=,.@_-'.padEnd(64, 'Z') }],
    [{ ...owox, alsoReads: [orders], policies: [`arn:aws:iam::${ACCOUNT}:policy/read-finance`] }],
    [{ ...owox, alsoReads: [{ ...orders, locations: ['s3://acme-finance/'], wholeBucket: true }] }],
    [{ ...owox, alsoReads: [{ database: 'reports', tables: ['revenue'] }, orders] }],
    [{ ...owox, alsoReads: [{ ...orders, owner: ACCOUNT, kmsKeyArn: KEY }] }],
  ])('accepts %j', (reader) => {
    expect(problems([reader])).toEqual([]);
  });

  /** OWOX that reads other data, which differs so from orders. */
  const also = (...more: object[]) => [
    { ...owox, alsoReads: more.map((alsoRead) => ({ ...orders, ...alsoRead })) },
  ];
  const reads = (location: string) => also({ locations: [location] });
  const results = (resultLocation: string) => [{ ...statsig, resultLocation }];
  const role = (more: object) => [{ ...metabase, as: 'role', ...more }];
  const RESULTS = 's3://acme-experiments/results/';
  const within = { ...statsig, name: 'other', resultLocation: `${RESULTS}other/` };
  const inOwox = { ...orders, locations: ['s3://acme-owox/a/'] };
  const datasets = [{ name: 'rows', kind: 'events' }];
  const shop = { sources: [{ name: 'shop', bucket: 'acme-owox', owner: ACCOUNT, datasets }] };
  const former = { statsigFolder: 'new', formerStatsigFolders: [{ folder: 'old', until: '2026-11-01' }] };

  it.each<{
    readonly what: string;
    readonly path: string;
    readonly readers: object[];
    readonly more?: object;
  }>([
    { what: 'two readers with one name', path: '1.name', readers: [metabase, { ...metabase }] },
    { what: 'a kind that nobody knows', path: '0.kind', readers: [{ kind: 'tableau', name: 't' }] },
    { what: 'an account ID that is none', path: '0.principal', readers: [{ ...statsig, principal: '1234' }] },
    {
      what: 'a role without a principal',
      path: '0.principal',
      readers: [{ ...statsig, principal: undefined }],
    },
    {
      what: 'a role without an external ID',
      path: '0.externalId',
      readers: [{ ...statsig, externalId: undefined }],
    },
    {
      what: 'an external ID of a user',
      path: '0.externalId',
      readers: [{ kind: 'statsig', name: 's', as: 'user', externalId: 'p' }],
    },
    {
      what: 'a role without an external ID of a user',
      path: '0.allowNoExternalId',
      readers: [{ kind: 'statsig', name: 's', as: 'user', allowNoExternalId: true }],
    },
    { what: 'a principal of a user', path: '0.principal', readers: [{ ...metabase, principal: 'ec2' }] },
    { what: 'a role that nobody assumes', path: '0.principal', readers: role({}) },
    { what: 'OWOX without a bucket', path: '0.resultsBucket', readers: [{ kind: 'owox', name: 'o' }] },
    {
      what: 'results in the data’s bucket',
      path: '0.resultsBucket',
      readers: [{ ...owox, resultsBucket: 'acme-experiments' }],
    },
    {
      what: "a database that is not the reader's own",
      path: '0.ownDatabase',
      readers: [{ ...owox, ownDatabase: 'sluice' }],
    },
    {
      what: "Statsig's database",
      path: '0.ownDatabase',
      readers: [{ ...metabase, ownDatabase: 'statsig_staging' }],
    },
    {
      what: "the account's default database",
      path: '0.ownDatabase',
      readers: [{ ...metabase, ownDatabase: 'default' }],
    },
    {
      what: 'one database for two',
      path: '1.ownDatabase',
      readers: [owox, { ...metabase, ownDatabase: 'owox' }],
    },
    {
      what: 'our database among others',
      path: '0.alsoReads.0.database',
      readers: also({ database: 'SLUICE' }),
    },
    {
      what: "Statsig's database among others",
      path: '0.alsoReads.0.database',
      readers: also({ database: 'statsig_staging' }),
    },
    {
      what: 'a location in our bucket',
      path: '0.alsoReads.0.locations.0',
      readers: reads('s3://acme-experiments/landing/'),
    },
    {
      what: "another's results",
      path: '2.alsoReads.0.locations.0',
      readers: [metabase, owox, { ...statsig, alsoReads: [inOwox] }],
    },
    {
      what: "a location in Statsig's own bucket",
      path: '0.alsoReads.0.locations.0',
      readers: reads('s3://acme-statsig/a/'),
      more: { statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme' } },
    },
    { what: 'a whole bucket', path: '0.alsoReads.0.locations.0', readers: reads('s3://acme-finance') },
    {
      what: 'a location with a pattern',
      path: '0.alsoReads.0.locations.0',
      readers: reads('s3://acme-finance/*'),
    },
    {
      what: 'a folder above',
      path: '0.alsoReads.0.locations.0',
      readers: reads('s3://acme-finance/orders/../'),
    },
    { what: 'a pattern of tables', path: '0.alsoReads.0.tables.0', readers: also({ tables: ['*'] }) },
    {
      what: 'a bucket with two owners',
      path: '0.alsoReads.1.owner',
      readers: also({}, { database: 'more', owner: ACCOUNT }),
    },
    {
      what: 'a bucket that has another owner for another reader',
      path: '1.alsoReads.0.owner',
      readers: [...also({ owner: ACCOUNT }), { ...metabase, alsoReads: [orders] }],
    },
    {
      what: 'a key of no location',
      path: '0.alsoReads.0.kmsKeyArn',
      readers: also({ locations: undefined, kmsKeyArn: KEY }),
    },
    {
      what: 'an owner of no location',
      path: '0.alsoReads.0.owner',
      readers: also({ locations: undefined, owner: ACCOUNT }),
    },
    {
      what: "another reader's database among others",
      path: '0.alsoReads.0.database',
      readers: [{ ...metabase, alsoReads: [{ ...orders, database: 'owox' }] }, owox],
    },
    // One that opens everything.
    {
      what: 'a policy of AWS',
      path: '0.policies.0',
      readers: [{ ...owox, policies: ['arn:aws:iam::aws:policy/AmazonS3Full'] }],
    },
    {
      what: 'a policy twice',
      path: '0.policies.1',
      readers: [{ ...owox, policies: Array(2).fill(`arn:aws:iam::${ACCOUNT}:policy/read-finance`) }],
    },
    { what: 'a workgroup of ours', path: '0.workgroup', readers: [{ ...metabase, workgroup: 'sluice' }] },
    {
      what: 'the workgroup of another reader',
      path: '1.workgroup',
      readers: [metabase, { ...statsig, workgroup: 'sluice_metabase' }],
    },
    {
      what: 'results among what lands',
      path: '0.resultLocation',
      readers: results('s3://acme-experiments/landing/x/'),
    },
    {
      what: 'results among copies of relay',
      path: '0.resultLocation',
      readers: results('s3://acme-experiments/relay/x/'),
    },
    {
      what: 'results in the Statsig folder',
      path: '0.resultLocation',
      readers: results('s3://acme-experiments/statsig/results/'),
    },
    {
      what: 'results in a former Statsig folder',
      path: '0.resultLocation',
      readers: results('s3://acme-experiments/old/'),
      more: former,
    },
    {
      what: "a customer's bucket as OWOX's",
      path: '0.resultsBucket',
      readers: [{ ...owox, existingResultsBucket: true }],
      more: shop,
    },
    {
      what: 'results in another bucket',
      path: '0.resultLocation',
      readers: results('s3://acme-other/results/'),
    },
    {
      what: "the folder of another's results",
      path: '1.resultLocation',
      readers: [...results(RESULTS), within],
    },
    {
      what: 'a key of a bucket that the stack makes',
      path: '0.resultsKeyArn',
      readers: [{ ...owox, resultsKeyArn: KEY }],
    },
    {
      what: 'a name that IAM does not take',
      path: '0.iamName',
      readers: [{ ...owox, iamName: 'OWOX Data Marts' }],
    },
    { what: 'a path as a name in IAM', path: '0.iamName', readers: [{ ...owox, iamName: 'bi/owox' }] },
    { what: 'a name too long for IAM', path: '0.iamName', readers: [{ ...owox, iamName: 'o'.repeat(65) }] },
    {
      what: 'one name in IAM for two users, in another case',
      path: '1.iamName',
      readers: [
        { ...owox, iamName: 'Reader' },
        { ...metabase, iamName: 'READER' },
      ],
    },
    { what: 'a name that makes no logical ID', path: '0.name', readers: [{ ...metabase, name: 'BI team' }] },
    // The folder of tables that Athena makes of people's queries.
    { what: 'the name of a folder', path: '0.name', readers: [{ ...metabase, name: 'tables' }] },
    { what: 'a member of another kind', path: '0.externalId', readers: [{ ...owox, externalId: 'x' }] },
    {
      what: "Metabase's role for everybody of an account",
      path: '0.principal',
      readers: role({ principal: ROOT }),
    },
    // It sends none.
    {
      what: 'an external ID of a service',
      path: '0.externalId',
      readers: role({ principal: 'ec2', externalId: 'bi-7f3b' }),
    },
    {
      what: "an external ID of Metabase's user",
      path: '0.externalId',
      readers: [{ ...metabase, externalId: 'bi-7f3b' }],
    },
  ])('rejects by field $what', ({ path, readers, more = {} }) => {
    expect(problems(readers, more)).toEqual([path]);
  });

  it('lets a role and a user have one name in IAM, as IAM does', () => {
    const named = [statsig, metabase].map((reader) => ({ ...reader, iamName: 'Reader' }));
    expect(problems(named)).toEqual([]);
  });

  it('knows the account, if it is configured', () => {
    const policies = ['arn:aws:iam::444455556666:policy/read-finance'];
    const reader = { ...owox, alsoReads: [{ ...orders, owner: ACCOUNT }], policies };
    expect(problems([reader], { account: '444455556666' })).toEqual(['0.alsoReads.0.owner']);
    expect(problems([reader], { account: '111122223333' })).toEqual(['0.policies.0']);
    expect(problems([{ ...owox, policies }], { account: ACCOUNT })).toEqual([]);
  });

  it('refuses more than a policy of IAM holds', () => {
    const tables = Array.from({ length: 100 }, (_, i) => `a_table_with_a_long_name_${i}`);
    expect(problems([{ ...owox, alsoReads: [{ ...orders, tables }] }])).toEqual(['0.alsoReads']);
  });

  it('folds names of databases to lower case, as Glue does', () => {
    const { database, readers } = defineConfig({
      bucket: 'acme-experiments',
      database: 'Sluice-Prod',
      readers: [{ kind: 'metabase', name: 'bi', alsoReads: [{ database: 'Finance', tables: ['Orders'] }] }],
    });
    expect(database).toBe('sluice-prod');
    expect(readers[0]?.alsoReads[0]?.database).toBe('finance');
    expect(readers[0]?.alsoReads[0]?.tables).toEqual(['orders']);
  });

  it('limits the length of names, so that workgroup names fit', () => {
    const withWorkgroup = (length: number, reader: object = metabase) =>
      problems([reader], { athena: { workgroup: 'w'.repeat(length) } });
    expect(withWorkgroup(128 - '_metabase'.length)).toEqual([]);
    expect(withWorkgroup(128 - '_metabase'.length + 1)).toEqual(['athena.workgroup']);
    expect(withWorkgroup(128, { ...metabase, workgroup: 'primary' })).toEqual([]);
  });
});
