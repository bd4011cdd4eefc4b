import { describe, expect, it } from '@jest/globals';
import { defineConfig, validateConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { problemPaths } from './problemPaths.ts';

type SourceInput = NonNullable<ConfigInput['sources']>[number];
type DatasetInput = SourceInput['datasets'][number];

const KEY = 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const ROLE = 'arn:aws:iam::123456789012:role/sluice';
const events: DatasetInput = { name: 'events', kind: 'events' };
const acme: SourceInput = { name: 'acme', bucket: 'acme-drops', owner: '123456789012', datasets: [events] };
const define = (sources: readonly SourceInput[], rest: Partial<ConfigInput> = {}) =>
  defineConfig({ bucket: 'experiments', ...rest, sources: [...sources] });
const withDataset = (dataset: Readonly<Record<string, unknown>>): SourceInput => ({
  ...acme,
  datasets: [{ ...events, ...dataset }],
});

describe('sources', () => {
  it('fill in every default', () => {
    const [source] = define([acme]).sources;
    expect(source).toEqual({
      name: 'acme',
      bucket: 'acme-drops',
      owner: '123456789012',
      schedule: 'daily',
      settleMinutes: 10,
      datasets: [
        {
          name: 'events',
          kind: 'events',
          table: 'acme_events',
          folder: 'events',
          dayFormat: 'YYYY-MM-DD',
          timezone: 'UTC',
          lookbackDays: 3,
          refusedShare: 0.01,
          unusualShare: 0.5,
          filesLeave: false,
          schedule: 'daily',
          mapping: {
            timestamp: { column: 'timestamp' },
            eventName: { column: 'event_name', optional: false },
            unitIds: { userID: { column: 'unit_id', optional: false } },
            metadata: {},
          },
        },
      ],
    });
  });

  it('stay the same when they are validated again, as loadConfig does', () => {
    const config = define([
      {
        ...acme,
        schedule: 'hourly',
        datasets: [
          { ...events, mapping: { metadata: ['a', 'b'], timestamp: { column: 'ts', unit: 'ms' } } },
          { name: 'web-metrics', kind: 'metrics', mapping: { numerator: 'n', denominator: { constant: 2 } } },
          { name: 'exposures', kind: 'exposures', timezone: 'Europe/Berlin', schedule: 'daily' },
        ],
      },
    ]);
    expect(defineConfig(config)).toEqual(config);
    expect(config.sources[0]?.datasets.map(({ table, schedule }) => [table, schedule])).toEqual([
      ['acme_events', 'hourly'],
      ['acme_web_metrics', 'hourly'],
      ['acme_exposures', 'daily'],
    ]);
  });

  it.each(['metricValue', 'numerator', 'denominator'])(
    'reject %s for a field that is never a number',
    (name) => {
      const paths = (from: unknown) => {
        const ratio = name === 'metricValue' ? {} : { numerator: 'n', denominator: 'd' };
        const mapping = { ...ratio, [name]: from };
        return problemPaths({ sources: [withDataset({ kind: 'metrics', mapping })] });
      };
      for (const cast of ['string', 'uuid'])
        expect(paths({ column: 'a', cast })).toEqual([`sources.0.datasets.0.mapping.${name}`]);
      for (const constant of ['abc', ' ', 'NaN', '1 000'])
        expect(paths({ constant })).toEqual([`sources.0.datasets.0.mapping.${name}`]);
      for (const from of ['a', { constant: '1.5' }, { constant: true }, { constant: 0 }])
        expect(paths(from)).toEqual([]);
    },
  );

  const mapped = (mapping: object) => withDataset({ mapping });
  const expected = (more: object) => withDataset({ expectedBy: { hour: 9, ...more } });
  const asInt = { column: 'a', cast: 'int' };
  const byRole = { arn: ROLE, externalId: 'made-by-us' };
  const ratio = { name: 'm', kind: 'metrics' as const, mapping: { numerator: 'n' } };

  it.each<[string, string, SourceInput]>([
    ['a name in capitals', 'name', { ...acme, name: 'Acme' }],
    ['an owner that is none', 'owner', { ...acme, owner: 'acme' }],
    ['a role that is none', 'role.arn', { ...acme, role: { arn: 'x' } }],
    ['a role without an external ID', 'role.externalId', { ...acme, role: { arn: ROLE } }],
    ['an ID and no ID', 'role.allowNoExternalId', { ...acme, role: { ...byRole, allowNoExternalId: true } }],
    ["a role of another account's", 'role.arn', { ...acme, owner: '444455556666', role: byRole }],
    ['an owner that is a number, which loses zeros', 'owner', { ...acme, owner: Object(123456789012) }],
    [
      "a key of another region than the bucket's",
      'kmsKeyArn',
      { ...acme, region: 'eu-west-1', kmsKeyArn: KEY },
    ],
    ['an hour that no clock shows', 'datasets.0.expectedBy.hour', expected({ hour: 24 })],
    ['an hour as a text', 'datasets.0.expectedBy.hour', expected({ hour: '9:00' })],
    // Nobody looks for it any more then.
    ['a drop beyond the lookback', 'datasets.0.expectedBy.daysAfter', expected({ daysAfter: 4 })],
    ['a weekday that is none', 'datasets.0.expectedBy.weekdays.0', expected({ weekdays: ['monday'] })],
    ['a weekday twice', 'datasets.0.expectedBy.weekdays', expected({ weekdays: ['mon', 'mon'] })],
    ['the clocks of no zone', 'datasets.0.expectedBy.timezone', expected({ timezone: 'CEST+1' })],
    ['no dataset', 'datasets', { ...acme, datasets: [] }],
    ['the bucket of the deployment', 'bucket', { ...acme, bucket: 'experiments' }],
    ['the name of redrive’s claims', 'name', { ...acme, name: 'redrive' }],
    ['the name of the exports’ ledger', 'name', { ...acme, name: 'exports' }],
    ['another kind', 'datasets.0.kind', withDataset({ kind: 'users' })],
    ['another day format', 'datasets.0.dayFormat', withDataset({ dayFormat: 'DD.MM.YYYY' })],
    ['a timezone that is none', 'datasets.0.timezone', withDataset({ timezone: 'Berlin' })],
    ['an offset for a timezone', 'datasets.0.timezone', withDataset({ timezone: '+01:00' })],
    ['a share beyond all', 'datasets.0.refusedShare', withDataset({ refusedShare: 2 })],
    ...['a/', '../x', 'a/./b', 'a/*', 'a?', `\${aws:username}`].map(
      (folder): [string, string, SourceInput] => [
        `the folder ${folder}`,
        'datasets.0.folder',
        withDataset({ folder }),
      ],
    ),
    ['an unknown field', 'datasets.0.tables', withDataset({ tables: 'x' })],
    ['an unknown field of the mapping', 'datasets.0.mapping.event', mapped({ event: 'x' })],
    ['a field from nowhere', 'datasets.0.mapping.eventName', mapped({ eventName: { colum: 'x' } })],
    ['no unit', 'datasets.0.mapping.timestamp.unit', mapped({ timestamp: { column: 'a', unit: 'days' } })],
    ['no cast', 'datasets.0.mapping.unitIds.userID.cast', mapped({ unitIds: { userID: asInt } })],
    [
      'no cast, in the metadata',
      'datasets.0.mapping.metadata.plan.cast',
      mapped({ metadata: { plan: asInt } }),
    ],
    [
      'a member too many',
      'datasets.0.mapping.eventName.const',
      mapped({ eventName: { column: 'a', const: 'x' } }),
    ],
    ['an empty constant', 'datasets.0.mapping.eventName.constant', mapped({ eventName: { constant: '' } })],
    ['no constant', 'datasets.0.mapping.eventName.constant', mapped({ eventName: { constant: null } })],
    ['a column’s name that is a number', 'datasets.0.mapping.eventName', mapped({ eventName: 5 })],
    ['a list of what are no columns', 'datasets.0.mapping.metadata.1', mapped({ metadata: ['a', 5] })],
    ['no unit IDs', 'datasets.0.mapping.unitIds', mapped({ unitIds: {} })],
    ['half a ratio', 'datasets.0.mapping', { ...acme, datasets: [ratio] }],
  ])('reject %s', (_, path, source) => {
    expect(problemPaths({ bucket: 'experiments', sources: [source] }, 'sources.0.')).toEqual([path]);
  });

  it('name the source and the dataset of a problem', () => {
    const problem = (input: unknown) => {
      try {
        validateConfig(input);
        return '';
      } catch (error) {
        return String(error);
      }
    };
    const loaded = problem({ bucket: 'experiments', sources: [withDataset({ engine: 'auto' })] });
    expect(loaded).toContain('sources.0.datasets.0.engine: no such field.');
    expect(loaded).toMatch(/ \(in "acme\/events"\)$/);
    const collision = problem({ bucket: 'experiments', sources: [withDataset({}), withDataset({})] });
    expect(collision).toMatch(/^ *sources\.1.* \(in "acme"\)$/m);
  });

  it.each(['Events 2026', 'a/b=c', 'ü', 'a.b/..c', '$x'])('accept the folder %s', (folder) => {
    expect(define([withDataset({ folder })]).sources[0]?.datasets[0]?.folder).toBe(folder);
  });

  const other = { ...events, table: 'other' };
  const sameTable = { ...events, name: 'more', table: 'acme_events' };
  it.each<[string, string, SourceInput[]]>([
    ['two sources with one name', '1.name', [acme, { ...acme, datasets: [other] }]],
    ['two datasets with one name', '0.datasets.1.name', [{ ...acme, datasets: [events, other] }]],
    ['two datasets with one table', '0.datasets.1.table', [{ ...acme, datasets: [events, sameTable] }]],
    ['the table of events', '0.datasets.0.table', [withDataset({ table: 'statsig_forwarded_events' })]],
    ['the table of quarantine', '0.datasets.0.table', [withDataset({ table: 'quarantine' })]],
    ['the name of a view', '0.datasets.0.table', [withDataset({ table: 'first_exposures' })]],
  ])('reject %s', (_, path, sources) => {
    expect(problemPaths({ sources }, 'sources.')).toEqual([path]);
  });

  it('must give the same owner and region each time they name a bucket', () => {
    const paths = (...sources: SourceInput[]) => problemPaths({ sources }, 'sources.');
    const again = { ...acme, name: 'again', datasets: [{ ...events, name: 'again' }] };
    const inEurope = { ...again, region: 'eu-west-1' } as const;
    expect(paths(acme, { ...again, owner: '444455556666' })).toEqual(['1.owner']);
    expect(paths({ ...acme, region: 'us-east-1' }, inEurope)).toEqual(['1.region']);
    expect(paths(acme, inEurope)).toEqual([]);
    expect(paths(acme, { ...again, bucket: 'other', owner: '444455556666' })).toEqual([]);
  });

  it.each([
    ['the same folder', 'events', 'events'],
    ['a folder in another’s', 'events/eu', 'events'],
    ['a folder around another’s', 'drops', 'drops/events'],
  ])('reject %s of another source in the same bucket', (_, folder, others) => {
    const sourceOf = (name: string, dropped: string, bucket = 'shared-drops'): SourceInput => ({
      ...acme,
      name,
      bucket,
      datasets: [{ ...events, folder: dropped }],
    });
    const paths = (...sources: SourceInput[]) => problemPaths({ sources }, 'sources.');
    expect(paths(sourceOf('acme', others), sourceOf('other', folder))).toEqual(['1.datasets.0.folder']);
    expect(paths(sourceOf('acme', others), sourceOf('other', folder, 'other-drops'))).toEqual([]);
    expect(paths(sourceOf('acme', others), sourceOf('other', `${others}-2`))).toEqual([]);
    // Of one source it is one customer's own.
    const both = [
      { ...events, folder: others },
      { ...events, name: 'again', folder },
    ];
    expect(paths({ ...acme, datasets: both })).toEqual([]);
  });

  it('accept a role with an explicit setting for no external ID', () => {
    const role = { arn: ROLE, allowNoExternalId: true };
    expect(define([{ ...acme, role }]).sources[0]?.role).toEqual(role);
  });

  it('reject a unit ID with the name of a column of ingested events', () => {
    const paths = (unitIds: object, kind = 'events') =>
      problemPaths({ sources: [withDataset({ kind })], unitIds }, 'unitIds.');
    expect(paths({ fileID: 'source_file' })).toEqual(['fileID']);
    // Columns of forwarded events are refused too, once.
    expect(paths({ name: 'event_name' })).toEqual(['name']);
    expect(paths({ fileID: 'source_file' }, 'metrics')).toEqual([]);
  });
});
