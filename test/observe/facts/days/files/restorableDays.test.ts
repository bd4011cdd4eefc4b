import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../../lib/config/defineConfig.ts';
import { hourFolders, landingFolders } from '../../../../../observe/facts/days/files/restorableDays.ts';

const config = defineConfig({ bucket: 'acme', retention: { landingVersionDays: 4, dataVersionDays: 9 } });

it.each([
  { what: 'are none before the day', now: '2026-11-18T12:00:00Z', folders: [] },
  {
    what: 'are those of the day itself on that day',
    now: '2026-11-19T12:00:00Z',
    folders: ['landing/2026/11/19/', 'landing/direct/2026-11-19/'],
  },
  {
    what: 'are those of the day and of the next one, until S3 deletes the versions of the first',
    now: '2026-11-24T23:59:59Z',
    folders: [
      'landing/2026/11/19/',
      'landing/direct/2026-11-19/',
      'landing/2026/11/20/',
      'landing/direct/2026-11-20/',
    ],
  },
  {
    what: 'are those of the next day alone then',
    now: '2026-11-25T00:00:00Z',
    folders: ['landing/2026/11/20/', 'landing/direct/2026-11-20/'],
  },
  { what: 'are none a day later', now: '2026-11-26T00:00:00Z', folders: [] },
])(
  'folders in which rows of 2026-11-19 landed, whose versions are kept for four days, $what',
  ({ now, folders }) => {
    expect(landingFolders('2026-11-19', { config, now: Date.parse(now) })).toEqual(folders);
  },
);

it.each([
  {
    at: 'an hour',
    hour: 7,
    folders: ['landing/2026/11/19/07/', 'landing/2026/11/19/06/', 'landing/direct/2026-11-19/'],
  },
  {
    at: 'the first hour of a day',
    hour: 0,
    folders: ['landing/2026/11/19/00/', 'landing/2026/11/18/23/', 'landing/direct/2026-11-19/'],
  },
])('objects of $at may have been named by the hour before it', ({ hour, folders }) => {
  expect(hourFolders({ ds: '2026-11-19', hour })).toEqual(folders);
});
