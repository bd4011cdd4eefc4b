import { expect, it } from '@jest/globals';
import type { DatasetDays } from '../../../../observe/facts/days/dropDays.ts';
import type { Need } from '../../../../observe/facts/days/dropNeeds.ts';
import { folderNotes } from '../../../../observe/facts/days/folderNotes.ts';
import { datasetFacts, hoursAgo, loadedOn, looked, msAgo } from '../../statusFacts.ts';

/** Days of the lookback, of which some have no file. */
const daysWithout = (...missed: readonly number[]) =>
  [17, 18, 19, 20].map((date) => loadedOn(date, missed.includes(date) ? { state: null } : {}));
const others = (...names: readonly string[]) => ({ elsewhere: { days: [], others: names } });
const failure = { code: 'SLUICE_SOURCE_X', message: 'no' };

interface NoteCase {
  readonly what: string;
  readonly facts: { readonly datasets: readonly DatasetDays[] };
  /** What each note needs, the most urgent first, and a part of its words: names, times and numbers. */
  readonly notes: readonly (readonly [need: Need | null, part: string])[];
}

it.each<NoteCase>([
  { what: 'nothing of a folder that was listed an hour ago', facts: looked({}), notes: [] },
  {
    what: 'that it was never listed',
    facts: datasetFacts({ lastLook: null }),
    notes: [['warning', 'daily']],
  },
  {
    what: 'that the ledger is gone, whatever else is unknown',
    facts: datasetFacts({ lastLook: null, forgotten: ['2026-11-01', '2026-11-02'] }),
    notes: [['problem', '2 days in its table that the ledger does not have, the first 2026-11-01']],
  },
  {
    what: 'that a part of the ledger is gone, before that it was listed long ago',
    facts: looked({ at: msAgo(27) }, { forgotten: ['2026-11-01'] }),
    notes: [
      ['problem', '1 day in'],
      ['warning', hoursAgo(27)],
    ],
  },
  {
    what: 'why it could not be listed, and not that it had no files then',
    facts: looked({ failure, stopped: true }),
    notes: [['problem', 'SLUICE_SOURCE_X: no']],
  },
  { what: 'that its files stopped', facts: looked({ stopped: true }), notes: [['problem', hoursAgo(1)]] },
  {
    what: 'when the first day of a new dataset is expected',
    facts: datasetFacts({ firstDue: { day: '2026-11-21', due: msAgo(-30) } }),
    notes: [[null, `2026-11-21, is expected by ${hoursAgo(-30)}`]],
  },
  {
    what: 'days that are more than a month ahead',
    facts: looked({
      elsewhere: { days: [], others: [], ahead: { days: ['2062-01-01', '2062-01-02'], since: 0 } },
    }),
    notes: [['warning', '2 days, the newest 2062-01-02']],
  },
  {
    what: 'names that look like days of another form, while days are missing',
    facts: looked(others('2026_11_18/', 'x/'), { days: daysWithout(18, 19, 20) }),
    notes: [['warning', '2026_11_18/, x/']],
  },
  {
    what: 'other names, while a day is missing, as what may be wrong',
    facts: looked(others('x/'), { days: daysWithout(18) }),
    notes: [[null, 'x/']],
  },
  {
    what: 'no names while today alone is missing',
    facts: looked(others('2026_11_20/'), { days: daysWithout(20) }),
    notes: [],
  },
  {
    what: 'no names while a day before the lookback is missing',
    facts: looked(others('x/'), { days: [loadedOn(16, { state: null }), ...daysWithout()] }),
    notes: [],
  },
])('of the folder of a dataset is told $what', ({ facts, notes }) => {
  const told = facts.datasets.flatMap(folderNotes);
  expect(told).toEqual(notes.map(([need, part]) => ({ need, text: expect.stringContaining(part) })));
});
