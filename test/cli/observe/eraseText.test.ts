import { describe, expect, it } from '@jest/globals';
import { eraseText } from '../../../cli/observe/eraseText.ts';
import { noCounts } from '../../../lib/erase/runCounts.ts';
import type { EraseReceipt } from '../../../operate/erase/erase.ts';

const NEVER = /Nothing of these units was ever found/;
const run = {
  startedAt: 0,
  resumed: 0,
  places: {},
  hasFound: false,
  left: [],
  leftCount: 0,
  expiring: [],
  onTheWay: [],
} satisfies EraseReceipt['run'];
const receipt: EraseReceipt = {
  run,
  total: {},
  state: 'complete',
  completeFrom: null,
  runs: 1,
  forgotten: 0,
  id: 'e1',
  record: 'ledger/_erasures/e1.json',
  units: 1,
  elsewhere: [],
  notSearched: [],
  countsMentions: true,
};
const counts = { ...noCounts(), objects: 1, versions: 2, rewritten: 3, deleted: 4, rows: 5 };
const left = { key: 'damaged/a', versionId: 'v1', why: 'unreadable' } as const;
const expiring = { key: 'damaged/b', goneBy: '2026-11-30' };

describe('the text of an erasure', () => {
  it.each<{ readonly what: string; readonly more: Partial<EraseReceipt>; readonly shows: RegExp }>([
    {
      what: 'of a bucket without objects nothing but what every receipt has',
      more: {},
      shows:
        /^The bucket has no objects .*\n\nOut of reach .*:\n\nRecord: .*\n\nNothing of these .*\n\nComplete: .*\n$/,
    },
    { what: 'of no record if it has none', more: { record: null }, shows: /^Out of reach .*:\n\nNothing /m },
    {
      what: 'the counts of a place',
      more: { total: { landing: counts } },
      shows: /^place .* rows erased +rewritten +deleted$\n.*\nlanding +1 +2 +5 +3 +4$/m,
    },
    {
      what: 'what a dry run found',
      more: { state: 'dry', record: null, total: { relay: counts } },
      shows: /^place .* rows found +to rewrite +to delete$\n.*\nrelay +1 +2 +5 +3 +4$/m,
    },
    {
      what: 'events of others in copies apart from refused ones',
      more: {
        run: {
          ...run,
          places: { relay: { ...noCounts(), others: 3 }, damaged: { ...noCounts(), others: 4 } },
        },
      },
      shows: /do not reach the target of relay either: 3\.\n.* are gone too: 4\.\n/,
    },
    {
      what: 'events of others that a dry run found',
      more: {
        state: 'dry',
        run: {
          ...run,
          places: { relay: { ...noCounts(), others: 3 }, damaged: { ...noCounts(), others: 4 } },
        },
      },
      shows: /would not reach the target of relay either: 3\.\n.* would go too: 4\.\n/,
    },
    {
      what: 'mentions and loads under way, of all places',
      more: {
        run: {
          ...run,
          places: {
            events: { ...noCounts(), mentions: 2, waiting: 1 },
            ingested: { ...noCounts(), mentions: 5, waiting: 7 },
          },
        },
      },
      shows: /mention .*: 7\.\n.*load under way.*: 8\./,
    },
    { what: 'mentions that were not counted', more: { countsMentions: false }, shows: /not counted.* 100 / },
    { what: 'runs that the record forgot', more: { forgotten: 6 }, shows: /Earlier runs .*: 6\./ },
    { what: 'a run that was stopped', more: { run: { ...run, resumed: 2 } }, shows: /Times: 2\./ },
    {
      what: 'versions that could not be searched, by object and by why, and how many more',
      more: {
        run: {
          ...run,
          left: [left, { ...left, versionId: 'v2' }, { ...left, versionId: 'v3', why: 'archived' }],
          leftCount: 7,
        },
      },
      shows:
        /Left: damaged\/a, versions v1, v2: damaged.*; version v3: archived.*\.\n… and 4 more versions\./,
    },
    {
      what: 'bytes that were not searched, and the commands about them',
      more: {
        run: { ...run, left: [left], leftCount: 1 },
        notSearched: [{ ...expiring, commands: ['sluice redrive --damaged'] }],
      },
      shows: /bytes of damaged\/b .* 2026-11-30.*:\n {2}sluice redrive --damaged\n/,
    },
    {
      what: 'bytes that no command can try again',
      more: { notSearched: [{ ...expiring, commands: [] }] },
      shows: /2026-11-30\.\n/,
    },
    {
      what: 'what is elsewhere, and the record',
      more: { elsewhere: [{ what: 'Copies', where: 's3://x/', todo: 'ask them' }] },
      shows: /^- Copies, s3:\/\/x\/: ask them\n\nRecord: ledger\/_erasures\/e1\.json$/m,
    },
    { what: 'the end', more: {}, shows: /\nComplete: .*\n$/ },
    { what: 'that a dry run changed nothing', more: { state: 'dry' }, shows: /\nNothing was changed\.\n$/ },
    {
      what: 'that objects have to go first',
      more: { state: 'again', completeFrom: 60_000, run: { ...run, leftCount: 1, onTheWay: ['a load'] } },
      shows: /\nNot complete: .*\n$/,
    },
    {
      what: 'what is on its way, and when to run it again',
      more: { state: 'again', completeFrom: 60_000, run: { ...run, onTheWay: ['a load', 'a copy'] } },
      shows: /yet: a load; a copy\. .*after 1970-01-01T00:01:00\.000Z, .*\n$/,
    },
    {
      what: 'when to run it again',
      more: { state: 'again', completeFrom: 60_000 },
      shows: /yet: events .*after 1970-01-01T00:01:00\.000Z: .*\n$/,
    },
  ])('tells $what', ({ more, shows }) => {
    expect(eraseText({ ...receipt, ...more })).toMatch(shows);
  });

  it('keeps each key and place in its line, whatever characters it has', () => {
    const key = 'damaged/a\nComplete: this run found nothing any more.';
    const text = eraseText({
      ...receipt,
      run: { ...run, left: [{ ...left, key }], leftCount: 1 },
      notSearched: [{ ...expiring, key: 'damaged/b\nComplete', commands: ['sluice x\nComplete'] }],
      elsewhere: [{ what: 'Copies', where: 's3://x/\nComplete', todo: 'ask them' }],
      state: 'again',
      completeFrom: 60_000,
    });
    expect(text).not.toMatch(/^Complete/m);
    expect(text).toContain('damaged/a\\nComplete');
  });

  it('tells of an object once', () => {
    const text = eraseText({
      ...receipt,
      run: { ...run, left: [left], leftCount: 1 },
      notSearched: [{ ...expiring, key: left.key, commands: [] }],
    });
    expect(text.split(left.key)).toHaveLength(2);
    expect(text).not.toContain('… and');
  });

  it.each<{ readonly what: string; readonly more: Partial<EraseReceipt>; readonly isNever: boolean }>([
    { what: 'nothing', more: { total: { events: noCounts() } }, isNever: true },
    { what: 'something in this run', more: { run: { ...run, hasFound: true } }, isNever: false },
    {
      what: 'something perhaps before it was stopped',
      more: { run: { ...run, resumed: 1 } },
      isNever: false,
    },
    { what: 'something perhaps in a run that is forgotten', more: { forgotten: 1 }, isNever: false },
    ...(['rows', 'deleted', 'waiting'] as const).map((member) => ({
      what: `${member} in all runs`,
      more: { total: { landing: noCounts(), events: { ...noCounts(), [member]: 1 } } },
      isNever: false,
    })),
  ])('says whether nothing was ever found, where it found $what', ({ more, isNever }) => {
    expect(NEVER.test(eraseText({ ...receipt, ...more }))).toBe(isNever);
  });
});
