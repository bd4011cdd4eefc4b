import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { byPath, problemPaths } from './problemPaths.ts';

const statsig = { kind: 'statsig', name: 'statsig', principal: '123456789012', externalId: 'project-7' };
const owox = { kind: 'owox', name: 'owox', resultsBucket: 'acme-owox' };
const metabase = { kind: 'metabase', name: 'metabase' };
const ACCOUNT = '444455556666';
const KEY = `arn:aws:kms:us-east-1:${ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab`;
const orders = { database: 'finance', tables: ['orders'], locations: ['s3://acme-finance/orders/'] };
const ROOT = 'arn:aws:iam::444455556666:root';

/** Other data of a reader. */
type OtherData = NonNullable<NonNullable<ConfigInput['readers']>[number]['alsoReads']>[number];

const problems = (readers: readonly object[], more: Partial<ConfigInput> = {}) =>
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

  it('accepts each member of a reader in every form', () => {
    const readers = [
      statsig,
      { ...statsig, principal: 'arn:aws:iam::123456789012:user/statsig-service' },
      { kind: 'statsig', name: 's', principal: '123456789012', allowNoExternalId: true },
      { kind: 'statsig', name: 's', as: 'user', statsigForwardsHere: true, keyAdministrator: true },
      { ...metabase, as: 'role', principal: 'ecs-tasks' },
      { ...metabase, as: 'role', principal: ROOT, externalId: 'bi-7f3b' },
      { ...metabase, as: 'role', principal: ROOT, allowNoExternalId: true },
      { ...metabase, as: 'role', principal: ROOT.replace('root', 'role/bi') },
      { ...metabase, ownDatabase: 'metabase' },
      { ...metabase, workgroup: 'primary' },
      { ...statsig, workgroup: 'primary', resultLocation: 's3://acme-experiments/statsig-results' },
      { ...owox, existingResultsBucket: true, resultsKeyArn: KEY },
      { ...owox, iamName: 'OWOXDataMarts' },
      { ...statsig, iamName: 'a+=,.@_-'.padEnd(64, 'Z') },
      { ...owox, alsoReads: [orders], policies: [`arn:aws:iam::${ACCOUNT}:policy/read-finance`] },
      { ...owox, alsoReads: [{ ...orders, locations: ['s3://acme-finance/'], wholeBucket: true }] },
      { ...owox, alsoReads: [{ database: 'reports', tables: ['revenue'] }, orders] },
      { ...owox, alsoReads: [{ ...orders, owner: ACCOUNT, kmsKeyArn: KEY }] },
    ];
    for (const reader of readers)
      expect({ reader, problems: problems([reader]) }).toEqual({ reader, problems: [] });
  });

  /** OWOX that reads other data, which differs so from orders. */
  const also = (...more: Partial<OtherData>[]) => [
    { ...owox, alsoReads: more.map((alsoRead) => ({ ...orders, ...alsoRead })) },
  ];
  const reads = (location: string) => also({ locations: [location] });
  const results = (resultLocation: string) => [{ ...statsig, resultLocation }];
  const role = (more: { readonly principal?: string; readonly externalId?: string }) => [
    { ...metabase, as: 'role', ...more },
  ];
  const RESULTS = 's3://acme-experiments/results/';
  const within = { ...statsig, name: 'other', resultLocation: `${RESULTS}other/` };
  const inOwox = { ...orders, locations: ['s3://acme-owox/a/'] };
  const datasets = [{ name: 'rows', kind: 'events' as const }];

  it.each(
    byPath<readonly object[]>({
      '1.name': {
        'two readers with one name': [metabase, { ...metabase }],
        // The stack has one resource of a logical ID: of two policies one would be lost.
        'a name whose policy has the ID of another policy to write': [
          { ...metabase, ownDatabase: 'models' },
          { ...metabase, name: 'metabase-write' },
        ],
        'a name whose policy has the ID of the policy of a bucket of results': [
          owox,
          { ...metabase, name: 'owox-results-bucket' },
        ],
      },
      '0.kind': { 'a kind that nobody knows': [{ kind: 'tableau', name: 't' }] },
      '0.principal': {
        'an account ID that is none': [{ ...statsig, principal: '1234' }],
        'a role without a principal': [{ ...statsig, principal: undefined }],
        'a principal of a user': [{ ...metabase, principal: 'ec2' }],
        'a role that nobody assumes': role({}),
        "Metabase's role for everybody of an account": role({ principal: ROOT }),
      },
      '0.externalId': {
        'a role without an external ID': [{ ...statsig, externalId: undefined }],
        'an external ID of a user': [{ kind: 'statsig', name: 's', as: 'user', externalId: 'p' }],
        'a member of another kind': [{ ...owox, externalId: 'x' }],
        // It sends none.
        'an external ID of a service': role({ principal: 'ec2', externalId: 'bi-7f3b' }),
        "an external ID of Metabase's user": [{ ...metabase, externalId: 'bi-7f3b' }],
      },
      '0.allowNoExternalId': {
        'a role without an external ID of a user': [
          { kind: 'statsig', name: 's', as: 'user', allowNoExternalId: true },
        ],
      },
      '0.resultsBucket': {
        'OWOX without a bucket': [{ kind: 'owox', name: 'o' }],
        'results in the data’s bucket': [{ ...owox, resultsBucket: 'acme-experiments' }],
      },
      '0.ownDatabase': {
        "a database that is not the reader's own": [{ ...owox, ownDatabase: 'sluice' }],
        "Statsig's database": [{ ...metabase, ownDatabase: 'statsig_staging' }],
        "the account's default database": [{ ...metabase, ownDatabase: 'default' }],
      },
      '1.ownDatabase': { 'one database for two': [owox, { ...metabase, ownDatabase: 'owox' }] },
      '0.alsoReads.0.database': {
        'our database among others': also({ database: 'SLUICE' }),
        "Statsig's database among others": also({ database: 'statsig_staging' }),
        "another reader's database among others": [
          { ...metabase, alsoReads: [{ ...orders, database: 'owox' }] },
          owox,
        ],
      },
      '0.alsoReads.0.locations.0': {
        'a location in our bucket': reads('s3://acme-experiments/landing/'),
        'a whole bucket': reads('s3://acme-finance'),
        'a location with a pattern': reads('s3://acme-finance/*'),
        'a folder above': reads('s3://acme-finance/orders/../'),
      },
      '2.alsoReads.0.locations.0': {
        "another's results": [metabase, owox, { ...statsig, alsoReads: [inOwox] }],
      },
      '0.alsoReads.0.tables.0': { 'a pattern of tables': also({ tables: ['*'] }) },
      '0.alsoReads.1.owner': { 'a bucket with two owners': also({}, { database: 'more', owner: ACCOUNT }) },
      '1.alsoReads.0.owner': {
        'a bucket that has another owner for another reader': [
          ...also({ owner: ACCOUNT }),
          { ...metabase, alsoReads: [orders] },
        ],
      },
      '0.alsoReads.0.kmsKeyArn': { 'a key of no location': also({ locations: undefined, kmsKeyArn: KEY }) },
      '0.alsoReads.0.owner': { 'an owner of no location': also({ locations: undefined, owner: ACCOUNT }) },
      '0.policies.0': {
        // One that opens everything.
        'a policy of AWS': [{ ...owox, policies: ['arn:aws:iam::aws:policy/AmazonS3Full'] }],
      },
      '0.policies.1': {
        'a policy twice': [
          { ...owox, policies: Array(2).fill(`arn:aws:iam::${ACCOUNT}:policy/read-finance`) },
        ],
      },
      '0.workgroup': { 'a workgroup of ours': [{ ...metabase, workgroup: 'sluice' }] },
      '1.workgroup': {
        'the workgroup of another reader': [metabase, { ...statsig, workgroup: 'sluice_metabase' }],
      },
      '0.resultLocation': {
        'results among what lands': results('s3://acme-experiments/landing/x/'),
        'results among copies of relay': results('s3://acme-experiments/relay/x/'),
        'results in the Statsig folder': results('s3://acme-experiments/statsig/results/'),
        'results in another bucket': results('s3://acme-other/results/'),
      },
      '1.resultLocation': { "the folder of another's results": [...results(RESULTS), within] },
      '0.resultsKeyArn': { 'a key of a bucket that the stack makes': [{ ...owox, resultsKeyArn: KEY }] },
      '0.iamName': {
        'a name that IAM does not take': [{ ...owox, iamName: 'OWOX Data Marts' }],
        'a path as a name in IAM': [{ ...owox, iamName: 'bi/owox' }],
        'a name too long for IAM': [{ ...owox, iamName: 'o'.repeat(65) }],
      },
      '1.iamName': {
        'one name in IAM for two users, in another case': [
          { ...owox, iamName: 'Reader' },
          { ...metabase, iamName: 'READER' },
        ],
      },
      '0.name': {
        'a name that makes no logical ID': [{ ...metabase, name: 'BI team' }],
        // The folder of tables that Athena makes of people's queries.
        'the name of a folder': [{ ...metabase, name: 'tables' }],
        'a name whose policy has the ID of the policy of other data': [
          { ...statsig, name: 'metabase-also' },
          { ...metabase, alsoReads: [orders] },
        ],
      },
    }),
  )('rejects by field $what', ({ path, input }) => {
    expect(problems(input)).toEqual([path]);
  });

  it.each<{ what: string; path: string; readers: readonly object[]; beside: Partial<ConfigInput> }>([
    {
      what: "a customer's bucket as OWOX's",
      path: '0.resultsBucket',
      readers: [{ ...owox, existingResultsBucket: true }],
      beside: { sources: [{ name: 'shop', bucket: 'acme-owox', owner: ACCOUNT, datasets }] },
    },
    {
      what: "a location in Statsig's own bucket",
      path: '0.alsoReads.0.locations.0',
      readers: reads('s3://acme-statsig/a/'),
      beside: { statsigBucket: { bucket: 'acme-statsig', user: 'arn:aws:iam::999689269917:user/acme' } },
    },
    {
      what: 'results in a former Statsig folder',
      path: '0.resultLocation',
      readers: results('s3://acme-experiments/old/'),
      beside: { statsigFolder: 'new', formerStatsigFolders: [{ folder: 'old', until: '2026-11-01' }] },
    },
  ])('rejects by field $what, beside other settings', ({ path, readers, beside }) => {
    expect(problems(readers, beside)).toEqual([path]);
  });

  it('lets a role and a user have one name in IAM, as IAM does', () => {
    const named = [statsig, metabase].map((reader) => ({ ...reader, iamName: 'Reader' }));
    expect(problems(named)).toEqual([]);
  });

  it.each([
    { name: 'metabase-write', of: metabase },
    { name: 'metabase-also', of: metabase },
    { name: 'owox-results-bucket', of: { ...owox, existingResultsBucket: true } },
    { name: 'owox-write', of: owox },
    { name: 'metabase-writes', of: { ...metabase, ownDatabase: 'models' } },
  ])('accepts the name $name beside $of.name, whose resources have other IDs', ({ name, of }) => {
    expect(problems([of, { ...metabase, name }])).toEqual([]);
  });

  it('knows the account, if it is configured', () => {
    const policies = ['arn:aws:iam::444455556666:policy/read-finance'];
    const reader = { ...owox, alsoReads: [{ ...orders, owner: ACCOUNT }], policies };
    expect(problems([reader], { account: '444455556666' })).toEqual(['0.alsoReads.0.owner']);
    expect(problems([reader], { account: '111122223333' })).toEqual(['0.policies.0']);
    expect(problems([{ ...owox, policies }], { account: ACCOUNT })).toEqual([]);
  });

  it('refuses more than the 6,144 characters that a policy of IAM holds', () => {
    const some = Array.from({ length: 66 }, (_, i) => `a_table_with_a_long_name_${i + 1}`);
    const reading = (last: number) => [
      { ...owox, alsoReads: [{ ...orders, tables: [...some, 't'.repeat(last)] }] },
    ];
    expect(problems(reading(75))).toEqual([]);
    expect(problems(reading(76))).toEqual(['0.alsoReads']);
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
