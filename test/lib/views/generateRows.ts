import type { GroupRow } from '../../../lib/groups/GroupRow.ts';
import type { eventsColumns } from '../../../lib/tables/eventsTable.ts';
import type { exposuresColumns } from '../../../lib/tables/exposuresTable.ts';
import type { Column } from '../../../lib/tables/Table.ts';
import { djb2, hashedNames } from '../../../lib/wire/experimentNames.ts';
import { seededRandom } from '../../../packages/local-aws/src/base/index.ts';
import type { RawRow } from './openData.ts';

/** A row with every column of its table. */
type WholeRow<Columns extends Readonly<Record<'before' | 'after', readonly Column[]>>> = Readonly<
  Record<Columns['before' | 'after'][number]['name'], string | boolean | null>
>;

/** Days of the rows, the same for every seed. */
export const DAYS = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'] as const;

type Days = readonly [string, ...string[]];

/** Draws of one seed. */
export function drawing(seed: number) {
  const random = seededRandom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <Item>(items: readonly [Item, ...Item[]]): Item => {
    const item = items[below(items.length)];
    return item === undefined ? items[0] : item;
  };
  return { below, pick, chance: (part: number) => random() < part };
}
export type Drawing = ReturnType<typeof drawing>;

/** A time of day within a quarter of an hour, so that some are equal; never ending in 0, which DuckDB would not print. */
const timeOn = (day: string, { below }: Drawing) => `${day} 10:0${below(3)}:0${below(3)}.10${1 + below(3)}`;

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

/** Texts that the collector never writes, but a table that was filled otherwise may hold. */
const NO_JSON = ['', 'no json', '[1,', '[{"gate":"spring_holdout","gateValue":"true"}'] as const;

function user(draw: Drawing): string | null {
  return draw.pick([
    null,
    '{}',
    json({ userID: 'u', country: draw.pick(['GB', 'FR', '', 49, null]), locale: draw.pick(['en_GB', '']) }),
    json({
      appVersion: draw.pick(['1.2.3', '', 7]),
      custom: {
        plan: draw.pick(['pro', '', 7, 2.5, 1e21, 1.5e300, 1e-7, true, ['a'], { b: 1 }, null]),
        'plan-tier': draw.pick<unknown>(['gold', -1e21, null]),
      },
    }),
    json({ country: 'DE', locale: 'de', appVersion: '2', custom: 'not an object' }),
    ...NO_JSON,
  ]);
}

const sdkMetadata = (draw: Drawing) =>
  draw.pick([
    null,
    '{}',
    'no json',
    json({ locale: 'fr_FR', appVersion: '9.9', currentPage: draw.pick(['/', '']) }),
  ]);

function secondary(draw: Drawing): string | null {
  const generated = () =>
    draw.pick<unknown>([
      { gate: 'spring_holdout', gateValue: draw.pick(['true', 'false', true, 'maybe', null]), ruleID: 'r1' },
      {
        gate: djb2('spring_holdout'),
        gateValue: draw.pick(['true', 'false', 'false']),
        ruleID: draw.pick(['r2', '', 'default', 'launchedGroup', 'x:override', 'x:explore']),
      },
      { gate: '4242424242', gateValue: 'true', ruleID: draw.pick(['5AhT', 'x:id_override', 'xid_override']) },
      { gate: 'segment:vip', gateValue: 'true' },
      { gateValue: 'true', ruleID: 'nameless' },
      'no object',
      7,
    ]);
  return draw.pick([
    null,
    null,
    '[]',
    draw.pick(NO_JSON),
    json({ gate: 'not a list', gateValue: 'true', ruleID: 'r' }),
    json([generated()]),
    json([generated(), generated(), generated()]),
  ]);
}

function shared(draw: Drawing, day: string, id: number) {
  return {
    ds: day,
    event_id: `e${id}`,
    environment: draw.pick(['production', 'production', 'production', 'staging', 'development']),
    user_id: draw.pick([null, 'u1', 'u2', 'u3']),
    stable_id: draw.pick([null, 's1', 's2', 'u1']),
    company_id: draw.pick([null, null, 'c1', 'c2']),
    custom_ids: null,
    timestamp: timeOn(day, draw),
    client_timestamp: null,
    received_at: `${day} 11:00:00.${101 + (id % 800)}`.replace(/0$/, '1'),
    statsig_metadata: sdkMetadata(draw),
    session_id: draw.pick([null, 'session']),
    sdk_type: 'javascript-client',
    sdk_version: null,
    // Rows of 0.2 have none.
  };
}

/** Rules of no group, and some that look like one. */
const NO_GROUPS = [
  'launchedGroup',
  'abandoned',
  'experimentAssignment',
  'error',
  '',
  'x:user_id:id_override',
  'x:explore',
  'xlaunchedGroup',
  'launchedgroup',
  'x:id_overrides',
  'xid_override',
] as const;

/** An exposure as it may land. @param id Makes its `event_id` and when it was received. */
export function exposure(draw: Drawing, id: number, days: Days = DAYS): RawRow {
  const { type, name } = draw.pick([
    { type: 'gate', name: 'checkout' },
    { type: 'config', name: 'checkout' },
    { type: 'layer', name: 'hero' },
    { type: 'config', name: 'hero' },
  ]);
  const rule = draw.chance(0.9) ? draw.pick(['control', 'test']) : draw.pick(NO_GROUPS);
  const value = draw.chance(0.95) ? draw.chance(0.5) : null;
  // As a browser's SDK sends it of a layer, while the collector does not know the name; a config's own name may look so.
  const sent = name === 'hero' && id % 3 === 0 ? (hashedNames(name)[id % 2] ?? name) : name;
  const gateGroup = value === null ? null : `${rule}:${value ? 'Pass' : 'Fail'}`;
  const group = type === 'gate' ? gateGroup : rule;
  return {
    ...shared(draw, draw.pick(days), id),
    experiment_id: sent,
    exposure_type: type,
    group_id: group,
    group_name: draw.pick([null, `name of ${rule}`]),
    // Some protocols have no rules.
    rule_id: id % 9 === 0 ? null : rule,
    gate_value: type === 'gate' ? value : null,
    // Also of rules that are no group, as versions wrote it that did not know them.
    is_assignment: group !== null && draw.chance(0.85),
    layer_id: type === 'layer' ? 'a_layer' : null,
    allocated_experiment: type === 'layer' ? sent : null,
    parameter_name: null,
    is_explicit_parameter: null,
    reason: draw.pick(['Network:Recognized', 'Network:Recognized', null, 'LocalOverride:Recognized']),
    config_version: null,
    is_manual: false,
    user_dimensions: user(draw),
    secondary_exposures: secondary(draw),
    metadata: null,
  } satisfies WholeRow<typeof exposuresColumns>;
}

/** An event as it may land. @param id Makes its `event_id` and when it was received. */
export function event(draw: Drawing, id: number, days: Days = DAYS): RawRow {
  return {
    ...shared(draw, draw.pick(days), id),
    event_name: draw.pick(['purchase', 'auto_capture::click', 'statsig::diagnostics', 'statsig::identify']),
    event_value: draw.pick([
      null,
      '12.5',
      '12.5\n',
      '12.5\r\n',
      '\n12.5',
      '-3',
      '.5',
      '7.',
      '+1e2',
      '1e400',
      'NaN',
      'Infinity',
      'inf',
      '1d',
      '0x10',
      '',
      ' 4',
      '1,5',
      'gold',
    ]),
    user_object: user(draw),
    company_metadata: draw.pick([null, '{}', '{"sku":', json({ sku: draw.pick(['abc', 42, '']) })]),
  } satisfies WholeRow<typeof eventsColumns>;
}

/** Values of `session_id` in copies received in the same millisecond, of which either may be shown. */
export const EITHER = /either-[ab]/g;

/** Order of rows and of their members is no matter, nor which of two copies received at once is shown. */
export function comparable(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  return rows
    .map((row) =>
      JSON.stringify(Object.entries(row).sort(([left], [right]) => (left < right ? -1 : 1))).replace(
        EITHER,
        'either',
      ),
    )
    .sort();
}

/** A copy of a layer's row that landed when the collector knew the name. */
export function byName(row: RawRow): RawRow {
  return row['exposure_type'] === 'layer'
    ? { ...row, experiment_id: 'hero', allocated_experiment: 'hero' }
    : row;
}

/**
 * Repeats some rows as resends: the same event, received later, on the next day too, or at once, by another sender.
 */
function withResends(rows: readonly RawRow[], draw: Drawing): RawRow[] {
  return rows.flatMap((row) => {
    const later = (ds: string) => ({
      ...row,
      ds,
      received_at: `${ds} 12:00:00.${101 + draw.below(8)}`,
      statsig_metadata: '{"again":1}',
    });
    if (!draw.chance(0.35)) return [row];
    return draw.pick([
      [row, later(row.ds)],
      [row, byName(later(row.ds))],
      // Rows that a stream delivers twice are equal in everything.
      [row, row],
      [row, later(DAYS.find((day) => day > row.ds) ?? row.ds)],
      [
        { ...row, session_id: 'either-a' },
        { ...row, session_id: 'either-b' },
      ],
    ]);
  });
}

/** Exposures and events as they may land: with resends, staging, defaults, users without IDs, odd JSON and numbers. */
export function generateRows(seed: number) {
  const draw = drawing(seed);
  const many = (make: (draw: Drawing, id: number) => RawRow) =>
    withResends(
      Array.from({ length: 400 }, (_, id) => make(draw, id)),
      draw,
    );
  return { exposures: many(exposure), events: many(event) };
}

/** An entry of the table of experiment groups, of a rule of no layer, whose share nobody knows. */
const groupRow = (
  row: Pick<GroupRow, 'entity' | 'experimentId' | 'ruleId' | 'kind'> & Partial<Pick<GroupRow, 'groupName'>>,
): GroupRow => ({
  layerId: null,
  expectedSplit: null,
  firstSeen: 0,
  lastSeen: 0,
  groupName: null,
  ...row,
});

/** Entries that the table of experiment groups may have for the rules of these rows. */
export const GROUP_ROWS: readonly GroupRow[] = [
  groupRow({
    entity: 'experiment',
    experimentId: 'checkout',
    ruleId: 'control',
    kind: 'group',
    groupName: 'Control by specs',
  }),
  groupRow({
    entity: 'experiment',
    experimentId: 'checkout',
    ruleId: 'test',
    kind: 'holdout',
    groupName: 'spring_holdout',
  }),
  groupRow({
    entity: 'gate',
    experimentId: 'checkout',
    ruleId: 'control',
    kind: 'holdout',
    groupName: 'spring_holdout',
  }),
  groupRow({
    entity: 'autotune',
    experimentId: 'hero',
    ruleId: 'test',
    kind: 'variant',
    groupName: 'Variant by specs',
  }),
  groupRow({ entity: 'experiment', experimentId: 'hero', ruleId: 'xlaunchedGroup', kind: 'other' }),
  groupRow({ entity: 'layer', experimentId: 'a_layer', ruleId: 'control', kind: 'holdout' }),
  // A layer may have the name of an experiment.
  groupRow({ entity: 'layer', experimentId: 'hero', ruleId: 'control', kind: 'holdout' }),
  groupRow({ entity: 'holdout', experimentId: 'spring_holdout', ruleId: '', kind: 'holdout' }),
];
