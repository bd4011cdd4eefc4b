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

  it.each<{ readonly what: string; readonly path: string; readonly source: SourceInput }>([
    { what: 'a name in capitals', path: 'name', source: { ...acme, name: 'Acme' } },
    { what: 'an owner that is none', path: 'owner', source: { ...acme, owner: 'acme' } },
    { what: 'a role that is none', path: 'role.arn', source: { ...acme, role: { arn: 'x' } } },
    {
      what: 'a role without an external ID',
      path: 'role.externalId',
      source: { ...acme, role: { arn: ROLE } },
    },
    {
      what: 'an ID and no ID',
      path: 'role.allowNoExternalId',
      source: { ...acme, role: { ...byRole, allowNoExternalId: true } },
    },
    {
      what: "a role of another account's",
      path: 'role.arn',
      source: { ...acme, owner: '444455556666', role: byRole },
    },
    {
      what: 'an owner that is a number, which loses zeros',
      path: 'owner',
      source: { ...acme, owner: Object(123456789012) },
    },
    {
      what: "a key of another region than the bucket's",
      path: 'kmsKeyArn',
      source: { ...acme, region: 'eu-west-1', kmsKeyArn: KEY },
    },
    // Nobody looks for it any more then.
    {
      what: 'a drop beyond the lookback',
      path: 'datasets.0.expectedBy.daysAfter',
      source: expected({ daysAfter: 4 }),
    },
    {
      what: 'a weekday that is none',
      path: 'datasets.0.expectedBy.weekdays.0',
      source: expected({ weekdays: ['monday'] }),
    },
    {
      what: 'a weekday twice',
      path: 'datasets.0.expectedBy.weekdays',
      source: expected({ weekdays: ['mon', 'mon'] }),
    },
    {
      what: 'the clocks of no zone',
      path: 'datasets.0.expectedBy.timezone',
      source: expected({ timezone: 'CEST+1' }),
    },
    { what: 'the bucket of the deployment', path: 'bucket', source: { ...acme, bucket: 'experiments' } },
    { what: 'the name of the exports’ ledger', path: 'name', source: { ...acme, name: 'exports' } },
    {
      what: 'the name of the ledger of curated days',
      path: 'name',
      source: { ...acme, name: 'curated', datasets: [{ ...events, table: 'other' }] },
    },
    { what: 'another kind', path: 'datasets.0.kind', source: withDataset({ kind: 'users' }) },
    {
      what: 'another day format',
      path: 'datasets.0.dayFormat',
      source: withDataset({ dayFormat: 'DD.MM.YYYY' }),
    },
    ...['year=YYYY/month=MM', 'DD=YYYY/b=MM/c=DD', '{a=YYYY/b=MM/c=DD', 'year=YYYY/month=DD/day=MM'].map(
      (dayFormat) => ({
        what: `the day format ${dayFormat}`,
        path: 'datasets.0.dayFormat',
        source: withDataset({ dayFormat }),
      }),
    ),
    {
      what: 'a timezone that is none',
      path: 'datasets.0.timezone',
      source: withDataset({ timezone: 'Berlin' }),
    },
    {
      what: 'an offset for a timezone',
      path: 'datasets.0.timezone',
      source: withDataset({ timezone: '+01:00' }),
    },
    ...['a/', '../x', 'a/./b', 'a/*', 'a?', `\${aws:username}`].map((folder) => ({
      what: `the folder ${folder}`,
      path: 'datasets.0.folder',
      source: withDataset({ folder }),
    })),
    { what: 'an unknown field', path: 'datasets.0.tables', source: withDataset({ tables: 'x' }) },
    {
      what: 'an unknown field of the mapping',
      path: 'datasets.0.mapping.event',
      source: mapped({ event: 'x' }),
    },
    {
      what: 'a field from nowhere',
      path: 'datasets.0.mapping.eventName',
      source: mapped({ eventName: { colum: 'x' } }),
    },
    {
      what: 'no unit',
      path: 'datasets.0.mapping.timestamp.unit',
      source: mapped({ timestamp: { column: 'a', unit: 'days' } }),
    },
    {
      what: 'no cast',
      path: 'datasets.0.mapping.unitIds.userID.cast',
      source: mapped({ unitIds: { userID: asInt } }),
    },
    {
      what: 'a member too many',
      path: 'datasets.0.mapping.eventName.const',
      source: mapped({ eventName: { column: 'a', const: 'x' } }),
    },
    {
      what: 'no constant',
      path: 'datasets.0.mapping.eventName.constant',
      source: mapped({ eventName: { constant: null } }),
    },
    { what: 'no unit IDs', path: 'datasets.0.mapping.unitIds', source: mapped({ unitIds: {} }) },
    { what: 'half a ratio', path: 'datasets.0.mapping', source: { ...acme, datasets: [ratio] } },
  ])('reject $what', ({ path, source }) => {
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

  it('accept a drop that is expected on the last day that is looked at', () => {
    expect(problemPaths({ sources: [expected({ daysAfter: 3 })] })).toEqual([]);
  });

  it.each(['Events 2026', 'a/b=c', 'ü', 'a.b/..c', '$x'])('accept the folder %s', (folder) => {
    expect(define([withDataset({ folder })]).sources[0]?.datasets[0]?.folder).toBe(folder);
  });

  const other = { ...events, table: 'other' };
  const sameTable = { ...events, name: 'more', table: 'acme_events' };
  it.each<{ readonly what: string; readonly path: string; readonly sources: SourceInput[] }>([
    { what: 'two sources with one name', path: '1.name', sources: [acme, { ...acme, datasets: [other] }] },
    {
      what: 'two datasets with one name',
      path: '0.datasets.1.name',
      sources: [{ ...acme, datasets: [events, other] }],
    },
    {
      what: 'two datasets with one table',
      path: '0.datasets.1.table',
      sources: [{ ...acme, datasets: [events, sameTable] }],
    },
    {
      what: 'the table of events',
      path: '0.datasets.0.table',
      sources: [withDataset({ table: 'statsig_forwarded_events' })],
    },
    {
      what: 'the table of quarantine',
      path: '0.datasets.0.table',
      sources: [withDataset({ table: 'quarantine' })],
    },
    ...['curated_exposures', 'curated_events', 'experiment_groups', 'received_hours', 'first_exposures'].map(
      (table) => ({
        what: `the name of another table or view, ${table}`,
        path: '0.datasets.0.table',
        sources: [withDataset({ table })],
      }),
    ),
  ])('reject $what', ({ path, sources }) => {
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
    { what: 'the same folder', folder: 'events', others: 'events' },
    { what: 'a folder in another’s', folder: 'events/eu', others: 'events' },
    { what: 'a folder around another’s', folder: 'drops', others: 'drops/events' },
  ])('reject $what of another source in the same bucket', ({ folder, others }) => {
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
