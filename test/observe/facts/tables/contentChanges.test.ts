import { expect, it } from '@jest/globals';
import {
  changeSince,
  contentChangesOf,
  isOfBrowsers,
} from '../../../../observe/facts/tables/contentChanges.ts';
import { missingChange } from '../../statusFacts.ts';

const NOW = Date.UTC(2026, 10, 20, 12);

it.each([
  {
    told: { newest: '2026-11-17' },
    what: 'was there last on the day before the two that are read',
    since: '2026-11-18',
  },
  { told: { newest: '2026-11-18' }, what: 'was there last on the first of the two', since: '2026-11-19' },
  {
    told: { newest: '2026-11-14' },
    what: 'was there last before days that nobody has read',
    since: '2026-11-18',
  },
  {
    told: { newest: '2026-11-14', fell: '2026-11-14' },
    what: 'came less already on the day on which it was there last',
    since: '2026-11-14',
  },
  {
    told: { newest: '2026-11-17', fell: '2026-11-17', since: '2026-11-20 11:00:00.000' },
    what: 'came less on that day, and fell in an hour that is known',
    since: '2026-11-20T11:00:00.000Z',
  },
  {
    told: { since: '2026-11-20 11:00:00.000' },
    what: 'fell in an hour that is over',
    since: '2026-11-20T11:00:00.000Z',
  },
  {
    told: { since: '2026-11-20 13:00:00.000' },
    what: 'fell in this hour',
    since: '2026-11-20T12:00:00.000Z',
  },
])('what $what is told since $since', ({ told, since }) => {
  expect(changeSince(told, NOW)).toBe(since);
});

it('gives sizes as numbers in place of their logarithms, and events from before the window apart', () => {
  const row = {
    subject: 'buy',
    value: 'js-client',
    label: null,
    times: '0',
    sdk: 'js-client 3',
    count: '20',
    whole: '20',
    days: '3',
    newest: '2026-11-17',
    since: '2026-11-20 09:10:00.000',
  };
  const amount = { ...row, what: 'amount', kind: 'other', usual: '1', mean: '3' };
  const size = { ...row, what: 'size', kind: 'other', usual: '2', mean: '4' };
  const repeats = { ...row, what: 'repeats', kind: 'other', usual: '0.04', mean: '1' };
  const key = {
    ...row,
    what: 'key:a:b',
    kind: 'other',
    label: 'currency\u001fproductSku\u001ecurrency\u001fa:b',
    usual: '0',
    mean: '1',
  };
  const gone = { ...row, what: 'sdkEvent', kind: 'less', usual: '0', mean: '0' };
  const labelled = [
    { ...gone, label: '2026-11-19 09:00:00.000 4.1 (beta 2)' },
    // Of that version nothing is known.
    { ...gone, label: '2026-11-19 09:00:00.000 ' },
  ];
  const old = {
    ...row,
    what: 'age',
    kind: 'earlier',
    subject: '',
    value: 'renewal',
    sdk: '',
    usual: '7.5',
    mean: '30',
  };
  const change = {
    table: 'events',
    kind: 'other',
    subject: 'buy',
    value: 'js-client',
    field: null,
    label: null,
    times: 0,
    sdk: 'js-client 3',
    count: 20,
    of: 20,
    days: 3,
    since: '2026-11-20T09:10:00.000Z',
  };
  expect(contentChangesOf([old, amount, size, repeats, key, ...labelled], 'events', NOW)).toEqual({
    changes: [
      { ...change, what: 'amount', usual: 10, mean: 1000 },
      { ...change, what: 'size', usual: 100, mean: 10_000 },
      { ...change, what: 'repeats', usual: 0.04, mean: 0 },
      { ...change, what: 'key', field: 'a:b', label: 'productSku', usual: 0, mean: 0 },
      { ...change, what: 'sdkEvent', kind: 'less', label: '4.1 (beta 2)', usual: 0, mean: 0 },
      { ...change, what: 'sdkEvent', kind: 'less', usual: 0, mean: 0 },
    ],
    earlier: [{ name: 'renewal', sdk: null, count: 20, leastDays: 7.5, mostDays: 30 }],
  });
});

it.each([
  { value: 'javascript-client', kind: 'less', is: true },
  { value: 'javascript-client-react', kind: 'less', is: true },
  { value: 'js-client', kind: 'less', is: true },
  { value: 'javascript-client-react-native', kind: 'less', is: false },
  { value: 'javascript-client-expo', kind: 'less', is: false },
  { value: 'py-server', kind: 'less', is: false },
  { value: 'js-client', kind: 'more', is: false },
] as const)('$kind from $value is of browsers: $is', ({ value, kind, is }) => {
  expect(isOfBrowsers({ ...missingChange, what: 'sdk', kind, value })).toBe(is);
});
