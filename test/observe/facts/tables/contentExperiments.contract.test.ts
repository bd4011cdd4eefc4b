import { expect, it } from '@jest/globals';
import {
  at,
  DAYS,
  each,
  MORNING,
  type Sent,
  type Told,
  TWENTY,
  told,
  toldOf,
  views,
} from './contentTables.ts';

// What is told of experiments, their groups, and the units in these. Views see the group Control of the experiment checkout.

const test = { group_id: 'rule_b', group_name: 'Test', user_id: 'v#' };
/** The share of Control, which was half. */
const split = (row: Partial<Told>) =>
  told({
    part: 'split',
    kind: 'more',
    subject: 'checkout',
    value: 'rule_a',
    label: 'Control',
    usual: 0.5,
    since: MORNING,
    ...row,
  });
/** Exposures of another experiment. */
const search = { ...views, as: { experiment_id: 'search', user_id: 's#' } };

it('a group that stays away while another comes is told, by its name', async () => {
  const left = { as: test, days: TWENTY, received: ['2026-11-19 07:00:00'] };
  expect(await toldOf({ exposures: [views, left] })).toEqual([
    told({
      part: 'group',
      value: 'rule_b',
      subject: 'checkout',
      label: 'Test',
      since: '2026-11-19 07:00:00',
    }),
    split({ count: 20, of: 20 }),
  ]);
});

it('of an experiment that has ended it is told that it comes no more, and no group of it', async () => {
  expect(await toldOf({ exposures: [search, { days: TWENTY }] })).toEqual([
    told({ part: 'experiment', value: 'checkout' }),
  ]);
});

it('an experiment of which less than a third of the fewest came is told', async () => {
  const days = each(90, ...DAYS);
  const rare = { days, received: at(MORNING, 10) };
  expect(await toldOf({ exposures: [{ ...search, days, received: at(MORNING, 90) }, rare] })).toEqual([
    told({ part: 'experiment', value: 'checkout', count: 10, of: 90 }),
  ]);
});

it('an experiment that comes no more is told with its layer, by which it may be left out', async () => {
  const left = { as: { layer_id: 'checkout_layer' }, days: TWENTY };
  expect(await toldOf({ exposures: [search, left] })).toEqual([
    told({ part: 'experiment', value: 'checkout', label: 'checkout_layer' }),
  ]);
});

/** Exposures of two groups, which were as many: so many units of each. */
const grouped = (control: number, others: number, as: Sent['as'] = {}): readonly Sent[] => [
  { as, days: TWENTY, received: at(MORNING, control) },
  { as: { ...test, ...as }, days: TWENTY, received: at(MORNING, others) },
];

it('a group that grows from half to 65 % of the units is told', async () => {
  expect(await toldOf({ exposures: grouped(65, 35) })).toEqual([split({ count: 65, of: 100 })]);
});

it('a group that grows from half to 64 % of the units is not told', async () => {
  expect(await toldOf({ exposures: grouped(64, 36) })).toEqual([]);
});

it('no share of an autotune is told, which changes by itself', async () => {
  expect(await toldOf({ exposures: grouped(65, 35, { experiment_id: 'hero' }) })).toEqual([]);
});

it('units that see several groups, which none did before, are told', async () => {
  const others = { as: test, days: TWENTY, received: at(MORNING, 20) };
  const crossed = {
    as: { ...test, user_id: 'u#' },
    received: [...at('2026-11-20 10:00:00', 10), ...at('2026-11-20 11:00:00', 10)],
  };
  expect(await toldOf({ exposures: [views, others, crossed] })).toEqual([
    split({
      part: 'crossover',
      value: 'several',
      label: null,
      count: 10,
      of: 40,
      usual: 0,
      since: '2026-11-20 10:00:00',
    }),
  ]);
});

it('units of testers are not told, whom views leave out', async () => {
  const as = { ...test, user_id: 'u#', environment: 'staging' };
  expect(await toldOf({ exposures: [views, { as, received: at(MORNING, 10) }] })).toEqual([]);
});

it('a group of a gate that comes no more is not told', async () => {
  const as = { exposure_type: 'gate' };
  const fail = { as: { ...as, group_id: 'x:Fail' }, days: TWENTY };
  expect(await toldOf({ exposures: [{ ...views, as }, fail] })).toEqual([]);
});
