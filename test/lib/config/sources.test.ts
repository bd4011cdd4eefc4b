import { describe, expect, it } from '@jest/globals';
import { defineConfig, validateConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';
import { byPath, forEach, problemPaths } from './problemPaths.ts';

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

  const byRole = { arn: ROLE, externalId: 'made-by-us' };

  it.each(
    byPath<object>({
      name: {
        'a name in capitals': { name: 'Acme' },
        'the name of the exports’ ledger': { name: 'exports' },
        'the name of the ledger of curated days': {
          name: 'curated',
          datasets: [{ ...events, table: 'other' }],
        },
      },
      owner: {
        'an owner that is none': { owner: 'acme' },
        'an owner that is a number, which loses zeros': { owner: 123456789012 },
      },
      'role.arn': {
        'a role that is none': { role: { arn: 'x' } },
        "a role of another account's": { owner: '444455556666', role: byRole },
      },
      'role.externalId': { 'a role without an external ID': { role: { arn: ROLE } } },
      'role.allowNoExternalId': { 'an ID and no ID': { role: { ...byRole, allowNoExternalId: true } } },
      kmsKeyArn: { "a key of another region than the bucket's": { region: 'eu-west-1', kmsKeyArn: KEY } },
      bucket: { 'the bucket of the deployment': { bucket: 'experiments' } },
    }),
  )('reject $what', ({ path, input }) => {
    const sources = [{ ...acme, ...input }];
    expect(problemPaths({ bucket: 'experiments', sources }, 'sources.0.')).toEqual([path]);
  });

  const expected = (more: {
    readonly daysAfter?: number;
    readonly weekdays?: readonly string[];
    readonly timezone?: string;
  }) => ({ expectedBy: { hour: 9, ...more } });
  const mapped = (mapping: object) => ({ mapping });

  it.each(
    byPath<Readonly<Record<string, unknown>>>({
      'expectedBy.daysAfter': {
        // Nobody looks for it any more then.
        'a drop beyond the lookback': expected({ daysAfter: 4 }),
      },
      'expectedBy.weekdays.0': { 'a weekday that is none': expected({ weekdays: ['monday'] }) },
      'expectedBy.weekdays': { 'a weekday twice': expected({ weekdays: ['mon', 'mon'] }) },
      'expectedBy.timezone': { 'the clocks of no zone': expected({ timezone: 'CEST+1' }) },
      kind: { 'another kind': { kind: 'users' } },
      dayFormat: forEach(
        'the day format',
        [
          'DD.MM.YYYY',
          'year=YYYY/month=MM',
          'DD=YYYY/b=MM/c=DD',
          '{a=YYYY/b=MM/c=DD',
          'year=YYYY/month=DD/day=MM',
        ],
        (dayFormat) => ({ dayFormat }),
      ),
      timezone: forEach('the timezone', ['Berlin', '+01:00'], (timezone) => ({ timezone })),
      folder: forEach('the folder', ['a/', '../x', 'a/./b', 'a/*', 'a?', `\${aws:username}`], (folder) => ({
        folder,
      })),
      table: forEach(
        'the name of another table or view,',
        [
          'statsig_forwarded_events',
          'quarantine',
          'curated_exposures',
          'curated_events',
          'experiment_groups',
          'received_hours',
          'first_exposures',
        ],
        (table) => ({ table }),
      ),
      tables: { 'an unknown field': { tables: 'x' } },
      'mapping.event': { 'an unknown field of the mapping': mapped({ event: 'x' }) },
      'mapping.eventName': { 'a field from nowhere': mapped({ eventName: { colum: 'x' } }) },
      'mapping.timestamp.unit': { 'no unit': mapped({ timestamp: { column: 'a', unit: 'days' } }) },
      'mapping.unitIds.userID.cast': {
        'no cast': mapped({ unitIds: { userID: { column: 'a', cast: 'int' } } }),
      },
      'mapping.eventName.const': { 'a member too many': mapped({ eventName: { column: 'a', const: 'x' } }) },
      'mapping.eventName.constant': { 'no constant': mapped({ eventName: { constant: null } }) },
      'mapping.unitIds': { 'no unit IDs': mapped({ unitIds: {} }) },
      mapping: { 'half a ratio': { kind: 'metrics', ...mapped({ numerator: 'n' }) } },
    }),
  )('reject a dataset with $what', ({ path, input }) => {
    expect(problemPaths({ sources: [withDataset(input)] }, 'sources.0.datasets.0.')).toEqual([path]);
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
    expect(problemPaths({ sources: [withDataset(expected({ daysAfter: 3 }))] })).toEqual([]);
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
