import { expect, it } from '@jest/globals';
import { defineConfig } from '../../../../../lib/config/defineConfig.ts';
import { landingFolders } from '../../../../../observe/facts/days/files/restorableDays.ts';

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
