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

  it.each<[string, string, object[], object?]>([
    ['two readers with one name', '1.name', [metabase, { ...metabase }]],
    ['a kind that nobody knows', '0.kind', [{ kind: 'tableau', name: 't' }]],
    ['an account ID that is none', '0.principal', [{ ...statsig, principal: '1234' }]],
    ['a role without a principal', '0.principal', [{ ...statsig, principal: undefined }]],
    ['a role without an external ID', '0.externalId', [{ ...statsig, externalId: undefined }]],
    [
      'an external ID of a user',
      '0.externalId',
      [{ kind: 'statsig', name: 's', as: 'user', externalId: 'p' }],
    ],
    ['a principal of a user', '0.principal', [{ ...metabase, principal: 'ec2' }]],
    ['a role that nobody assumes', '0.principal', role({})],
    ['OWOX without a bucket', '0.resultsBucket', [{ kind: 'owox', name: 'o' }]],
    ['results in the data’s bucket', '0.resultsBucket', [{ ...owox, resultsBucket: 'acme-experiments' }]],
    ["a database that is not the reader's own", '0.ownDatabase', [{ ...owox, ownDatabase: 'sluice' }]],
    ["Statsig's database", '0.ownDatabase', [{ ...metabase, ownDatabase: 'statsig_staging' }]],
    ['one database for two', '1.ownDatabase', [owox, { ...metabase, ownDatabase: 'owox' }]],
    ['our database among others', '0.alsoReads.0.database', also({ database: 'SLUICE' })],
    ["Statsig's database among others", '0.alsoReads.0.database', also({ database: 'statsig_staging' })],
    ['a location in our bucket', '0.alsoReads.0.locations.0', reads('s3://acme-experiments/landing/')],
    ["another's results", '2.alsoReads.0.locations.0', [metabase, owox, { ...statsig, alsoReads: [inOwox] }]],
    ['a whole bucket', '0.alsoReads.0.locations.0', reads('s3://acme-finance')],
    ['a location with a pattern', '0.alsoReads.0.locations.0', reads('s3://acme-finance/*')],
    ['a folder above', '0.alsoReads.0.locations.0', reads('s3://acme-finance/orders/../')],
    ['a pattern of tables', '0.alsoReads.0.tables.0', also({ tables: ['*'] })],
    ['a bucket with two owners', '0.alsoReads.1.locations.0', also({}, { database: 'more', owner: ACCOUNT })],
    ['a key of no location', '0.alsoReads.0.kmsKeyArn', also({ locations: undefined, kmsKeyArn: KEY })],
    // One that opens everything.
    ['a policy of AWS', '0.policies.0', [{ ...owox, policies: ['arn:aws:iam::aws:policy/AmazonS3Full'] }]],
    ['a workgroup of ours', '0.workgroup', [{ ...metabase, workgroup: 'sluice' }]],
    ['results among what lands', '0.resultLocation', results('s3://acme-experiments/landing/x/')],
    ['results among copies of relay', '0.resultLocation', results('s3://acme-experiments/relay/x/')],
    ['results in the Statsig folder', '0.resultLocation', results('s3://acme-experiments/statsig/results/')],
    ['results in a former Statsig folder', '0.resultLocation', results('s3://acme-experiments/old/'), former],
    ["a customer's bucket as OWOX's", '0.resultsBucket', [{ ...owox, existingResultsBucket: true }], shop],
    ['results in another bucket', '0.resultLocation', results('s3://acme-other/results/')],
    ["the folder of another's results", '1.resultLocation', [...results(RESULTS), within]],
    ['a key of a bucket that the stack makes', '0.resultsKeyArn', [{ ...owox, resultsKeyArn: KEY }]],
    ['a name that IAM does not take', '0.iamName', [{ ...owox, iamName: 'OWOX Data Marts' }]],
    ['a path as a name in IAM', '0.iamName', [{ ...owox, iamName: 'bi/owox' }]],
    ['a name too long for IAM', '0.iamName', [{ ...owox, iamName: 'o'.repeat(65) }]],
    [
      'one name in IAM for two users, in another case',
      '1.iamName',
      [
        { ...owox, iamName: 'Reader' },
        { ...metabase, iamName: 'READER' },
      ],
    ],
    ['a name that makes no logical ID', '0.name', [{ ...metabase, name: 'BI team' }]],
    // The folder of tables that Athena makes of people's queries.
    ['the name of a folder', '0.name', [{ ...metabase, name: 'tables' }]],
    ['a member of another kind', '0.externalId', [{ ...owox, externalId: 'x' }]],
    ["Metabase's role for everybody of an account", '0.principal', role({ principal: ROOT })],
    // It sends none.
    ['an external ID of a service', '0.externalId', role({ principal: 'ec2', externalId: 'bi-7f3b' })],
    ["an external ID of Metabase's user", '0.externalId', [{ ...metabase, externalId: 'bi-7f3b' }]],
  ])('rejects by field %s', (_, path, readers, more = {}) => {
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
    expect(problems([{ ...owox, policies }], { account: '111122223333' })).toEqual(['0.policies.0']);
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
    const withWorkgroup = (length: number) =>
      problems([metabase], { athena: { workgroup: 'w'.repeat(length) } });
    expect(withWorkgroup(128 - '_metabase'.length)).toEqual([]);
    expect(withWorkgroup(128 - '_metabase'.length + 1)).toEqual(['athena.workgroup']);
  });
});
