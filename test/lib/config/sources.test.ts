import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import type { ConfigInput } from '../../../lib/schema/config.ts';

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
          engine: 'auto',
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
      const mapped = (from: unknown) => {
        const ratio = name === 'metricValue' ? {} : { numerator: 'n', denominator: 'd' };
        const mapping = { ...ratio, [name]: from };
        return () => defineConfig({ bucket: 'own', sources: [withDataset({ kind: 'metrics', mapping })] });
      };
      const at = `sources.0.datasets.0.mapping.${name}: got`;
      for (const cast of ['boolean', 'date', 'timestamp']) {
        expect(mapped({ column: 'a', cast })).toThrow(
          `${at} {"column":"a","cast":"${cast}"}, expected a cast to string, bigint or double`,
        );
      }
      for (const constant of ['abc', ' ', 'NaN', '1 000']) {
        expect(mapped({ constant })).toThrow(
          `${at} ${JSON.stringify({ constant })}, expected a constant that is a number.`,
        );
      }
      for (const from of [
        'a',
        { column: 'a', cast: 'double' },
        { constant: '1.5' },
        { constant: true },
        { constant: 0 },
      ]) {
        expect(mapped(from)).not.toThrow();
      }
    },
  );

  it.each<[string, SourceInput, string]>([
    [
      'a name in capitals',
      { ...acme, name: 'Acme' },
      'sources.0.name: got "Acme", expected a name of lower-case words',
    ],
    [
      'an owner that is none',
      { ...acme, owner: 'acme' },
      'sources.0.owner: got "acme", expected an account: 12 digits.',
    ],
    [
      'a role that is none',
      { ...acme, role: { arn: 'x' } },
      'sources.0.role.arn: got "x", expected the ARN of a role.',
    ],
    [
      'a role without an external ID',
      { ...acme, role: { arn: ROLE } },
      "sources.0.role.externalId: got nothing, expected the external ID that the role's trust policy asks for, or allowNoExternalId: true.",
    ],
    [
      'an external ID and leave to have none',
      { ...acme, role: { arn: ROLE, externalId: 'made-by-us', allowNoExternalId: true } },
      'sources.0.role.allowNoExternalId: expected none beside an external ID.',
    ],
    [
      'a role of another account than the owner’s',
      { ...acme, owner: '444455556666', role: { arn: ROLE, externalId: 'made-by-us' } },
      'sources.0.role.arn: got a role of 123456789012, expected one of 444455556666, the account that owns the bucket.',
    ],
    [
      'an owner that is a number, which loses zeros',
      { ...acme, owner: Object(123456789012) },
      'sources.0.owner: got 123456789012, expected an account: 12 digits, as a text.',
    ],
    [
      'a key of another region than the bucket’s',
      { ...acme, region: 'eu-west-1', kmsKeyArn: KEY },
      "sources.0.kmsKeyArn: got a key of us-east-1, expected one of eu-west-1, the bucket's region.",
    ],
    [
      'an hour that no clock shows',
      withDataset({ expectedBy: { hour: 24 } }),
      'sources.0.datasets.0.expectedBy.hour: got 24, expected 23 at most.',
    ],
    [
      'an hour as a text',
      withDataset({ expectedBy: { hour: '9:00' } }),
      'sources.0.datasets.0.expectedBy.hour: got "9:00", expected a whole hour.',
    ],
    [
      'a drop that is expected when nobody looks for it any more',
      withDataset({ expectedBy: { hour: 9, daysAfter: 4 } }),
      'sources.0.datasets.0.expectedBy.daysAfter: got 4, expected `lookbackDays` at most: days before that are not looked at.',
    ],
    [
      'a weekday that is none',
      withDataset({ expectedBy: { hour: 9, weekdays: ['monday'] } }),
      'sources.0.datasets.0.expectedBy.weekdays.0: got "monday", expected one of sun, mon, tue, wed, thu, fri, sat.',
    ],
    [
      'a weekday twice',
      withDataset({ expectedBy: { hour: 9, weekdays: ['mon', 'mon'] } }),
      'sources.0.datasets.0.expectedBy.weekdays: got ["mon","mon"], expected no day twice.',
    ],
    [
      'the clocks of no zone',
      withDataset({ expectedBy: { hour: 9, timezone: 'CEST+1' } }),
      'sources.0.datasets.0.expectedBy.timezone: got "CEST+1", expected a time zone of the IANA database',
    ],
    ['no dataset', { ...acme, datasets: [] }, 'sources.0.datasets: got [], expected at least one dataset.'],
    [
      'the bucket of the deployment',
      { ...acme, bucket: 'experiments' },
      'sources.0.bucket: got "experiments", expected another bucket',
    ],
    [
      'the name of redrive’s claims',
      { ...acme, name: 'redrive' },
      'sources.0.name: got "redrive", expected another name',
    ],
    [
      'the name of the exports’ ledger',
      { ...acme, name: 'exports' },
      'sources.0.name: got "exports", expected another name',
    ],
    [
      'another kind',
      withDataset({ kind: 'users' }),
      'sources.0.datasets.0.kind: got "users", expected events, metrics, exposures, properties or table.',
    ],
    [
      'another day format',
      withDataset({ dayFormat: 'DD.MM.YYYY' }),
      'sources.0.datasets.0.dayFormat: got "DD.MM.YYYY"',
    ],
    [
      'a timezone that is none',
      withDataset({ timezone: 'Berlin' }),
      'sources.0.datasets.0.timezone: got "Berlin"',
    ],
    [
      'an offset for a timezone',
      withDataset({ timezone: '+01:00' }),
      'sources.0.datasets.0.timezone: got "+01:00"',
    ],
    [
      'a share beyond all',
      withDataset({ refusedShare: 2 }),
      'sources.0.datasets.0.refusedShare: got 2, expected 1 at most.',
    ],
    ['a folder that ends in a slash', withDataset({ folder: 'a/' }), 'sources.0.datasets.0.folder: got "a/"'],
    ...['../x', 'a/./b', 'a/*', 'a?', `\${aws:username}`].map((folder): [string, SourceInput, string] => [
      `the folder ${folder}`,
      withDataset({ folder }),
      `sources.0.datasets.0.folder: got ${JSON.stringify(folder)}`,
    ]),
    ['an unknown field', withDataset({ tables: 'x' }), 'sources.0.datasets.0.tables: no such field.'],
    [
      'an unknown field of the mapping',
      withDataset({ mapping: { event: 'x' } }),
      'sources.0.datasets.0.mapping.event: no such field.',
    ],
    [
      'a field from nowhere',
      withDataset({ mapping: { eventName: { colum: 'x' } } }),
      'sources.0.datasets.0.mapping.eventName: got {"colum":"x"}, expected a column\'s name, { column, cast?, optional? }, { folder, cast?, optional? } or { constant }.',
    ],
    [
      'a unit that is none',
      withDataset({ mapping: { timestamp: { column: 'a', unit: 'days' } } }),
      'sources.0.datasets.0.mapping.timestamp.unit: got "days", expected one of s, ms, us, ns, timestamp, iso.',
    ],
    [
      'a cast that is none',
      withDataset({ mapping: { unitIds: { userID: { column: 'a', cast: 'int' } } } }),
      'sources.0.datasets.0.mapping.unitIds.userID.cast: got "int", expected one of string, bigint, double, boolean, date, timestamp, uuid.',
    ],
    [
      'a cast that is none, in the metadata',
      withDataset({ mapping: { metadata: { plan: { column: 'a', cast: 'int' } } } }),
      'sources.0.datasets.0.mapping.metadata.plan.cast: got "int", expected one of string,',
    ],
    [
      'a member too many',
      withDataset({ mapping: { eventName: { column: 'a', const: 'x' } } }),
      'sources.0.datasets.0.mapping.eventName.const: no such field.',
    ],
    [
      'an empty constant',
      withDataset({ mapping: { eventName: { constant: '' } } }),
      'sources.0.datasets.0.mapping.eventName.constant: got "", expected a text that is not empty.',
    ],
    [
      'no constant',
      withDataset({ mapping: { eventName: { constant: null } } }),
      'mapping.eventName.constant: got null, expected a text that is not empty, a number, or true or false.',
    ],
    [
      'a column’s name that is a number',
      withDataset({ mapping: { eventName: 5 } }),
      "mapping.eventName: got 5, expected a column's name, { column, cast?, optional? }, { folder, cast?, optional? } or { constant }.",
    ],
    [
      'a list of what are no columns',
      withDataset({ mapping: { metadata: ['a', 5] } }),
      'mapping.metadata.1: got 5, expected a column name.',
    ],
    [
      'no unit IDs',
      withDataset({ mapping: { unitIds: {} } }),
      'sources.0.datasets.0.mapping.unitIds: got {}, expected at least one unit ID.',
    ],
    [
      'half a ratio',
      { ...acme, datasets: [{ name: 'm', kind: 'metrics', mapping: { numerator: 'n' } }] },
      'expected numerator and denominator, both or neither.',
    ],
  ])('reject %s', (_, source, message) => {
    expect(() => define([source])).toThrow(message);
  });

  it.each(['Events 2026', 'a/b=c', 'ü', 'a.b/..c', '$x'])('accept the folder %s', (folder) => {
    expect(define([withDataset({ folder })]).sources[0]?.datasets[0]?.folder).toBe(folder);
  });

  it('reject two sources with one name, and two datasets with one name or table', () => {
    expect(() => define([acme, { ...acme, datasets: [{ ...events, table: 'other' }] }])).toThrow(
      'sources.1.name: got "acme", expected another name than sources.0.name.',
    );
    expect(() => define([{ ...acme, datasets: [events, { ...events, table: 'other' }] }])).toThrow(
      'sources.0.datasets.1.name: got "events", expected another name than sources.0.datasets.0.name.',
    );
    expect(() =>
      define([{ ...acme, datasets: [events, { name: 'more', kind: 'events', table: 'acme_events' }] }]),
    ).toThrow(
      'sources.0.datasets.1.table: got "acme_events", expected another table than sources.0.datasets.0.table.',
    );
  });

  it.each([
    ['statsig_forwarded_events', 'tables.events'],
    ['quarantine', 'tables.quarantine'],
    ['first_exposures', 'a view'],
  ])('reject the table %s, which is in use', (table, other) => {
    expect(() => define([withDataset({ table })])).toThrow(
      `sources.0.datasets.0.table: got "${table}", expected another table than ${other}.`,
    );
  });

  it('must give the same owner and region each time they name a bucket', () => {
    const again = { ...acme, name: 'again', datasets: [{ ...events, name: 'again' }] };
    expect(() => define([acme, { ...again, owner: '444455556666' }])).toThrow(
      'sources.1.owner: got "444455556666", expected "123456789012", as sources.0 has it of the same bucket.',
    );
    const inEurope = { ...again, region: 'eu-west-1' } as const;
    expect(() => define([{ ...acme, region: 'us-east-1' }, inEurope])).toThrow(
      'sources.1.region: got "eu-west-1", expected "us-east-1"',
    );
    expect(() => define([acme, inEurope])).not.toThrow();
    expect(() => define([acme, { ...again, bucket: 'other', owner: '444455556666' }])).not.toThrow();
  });

  it.each([
    ['the same folder', 'events', 'events'],
    ['a folder in another’s', 'events/eu', 'events'],
    ['a folder around another’s', 'drops', 'drops/events'],
  ])('reject %s of another source in the same bucket', (_, folder, others) => {
    const of = (name: string, dropped: string, bucket = 'shared-drops'): SourceInput => ({
      ...acme,
      name,
      bucket,
      datasets: [{ ...events, folder: dropped }],
    });
    expect(() => define([of('acme', others), of('other', folder)])).toThrow(
      `sources.1.datasets.0.folder: got "${folder}", expected a folder apart from sources.0.datasets.0's, which is another source's in the same bucket.`,
    );
    expect(() => define([of('acme', others), of('other', folder, 'other-drops')])).not.toThrow();
    expect(() => define([of('acme', others), of('other', `${others}-2`)])).not.toThrow();
    // Of one source it is one customer's own.
    const both = [
      { ...events, folder: others },
      { ...events, name: 'again', folder },
    ];
    expect(() => define([{ ...acme, datasets: both }])).not.toThrow();
  });

  it('accept a role with an explicit setting for no external ID', () => {
    const role = { arn: ROLE, allowNoExternalId: true };
    expect(define([{ ...acme, role }]).sources[0]?.role).toEqual(role);
  });

  it('reject a unit ID with the name of a column of ingested events', () => {
    const unitIds = { fileID: 'source_file' };
    expect(() => define([acme], { unitIds })).toThrow('unitIds.fileID: got "source_file"');
    // Columns of forwarded events are refused too, in one sentence.
    const said = () => define([acme], { unitIds: { name: 'event_name' } });
    expect(said).toThrow(/^[^\n]*\n {2}unitIds\.name: got "event_name", expected [^\n]*$/);
    expect(() =>
      define([{ ...acme, datasets: [{ name: 'm', kind: 'metrics' }] }], { unitIds }),
    ).not.toThrow();
  });
});
