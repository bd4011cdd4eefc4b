import { describe, expect, it } from '@jest/globals';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import {
  curatedTable,
  datasetFacts,
  HOUR_MS,
  hoursAgo,
  keptDay,
  loadedDay,
  NOW,
  namedExport,
  resendsOf,
  shortHour,
} from '../statusFacts.ts';
import { judge } from './judge.ts';

describe('a finding about raw and curated days, and hours', () => {
  it('of resends is none where as many are usual', () => {
    expect(judge(resendsOf(400, 400, 400))).toEqual([]);
  });

  it('of resends is none of a day that was over long ago', () => {
    const old = [{ day: '2026-11-10', rows: 1, resends: 9 }];
    expect(judge({ curated: [{ ...curatedTable, resends: old }] })).toEqual([]);
  });

  it.each([
    [
      'a day without a partition in three tables',
      {
        partitions: {
          days: 3,
          gaps: (['exposures', 'events', 'quarantine'] as const).map((table) => {
            return { table, day: '2026-11-20' } as const;
          }),
        },
      },
      /^1 day has /,
    ],
    [
      'an hour that is short in two tables',
      { receivedHours: [shortHour, { ...shortHour, table_name: 'exposures' as const }] },
      /^60 of 600 .*, of 1 hour, since /,
    ],
  ])('counts %s once', (_what, facts, title) => {
    expect(judge(facts).map((finding) => finding.title)).toEqual([expect.stringMatching(title)]);
  });

  it('of short hours has three commands of a kind at most', () => {
    const days = ['2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'];
    const [found] = judge({ receivedHours: days.map((ds) => ({ ...shortHour, ds })) });
    const commands = found?.commands.map((command) => /landing\/direct|landing|--deep/.exec(command)?.[0]);
    const kinds = ['--deep', 'landing', 'landing/direct'];
    expect(commands).toEqual(kinds.flatMap((kind) => Array(3).fill(kind)));
  });

  it('brings files of a version back whose rows nothing else has', () => {
    const since = NOW - HOUR_MS;
    const lacking = ['2026-11-17', '2026-11-18', '2026-11-19'].map((day) => {
      return { day, since, isOnly: day > '2026-11-17' };
    });
    const found = judge({ ...datasetFacts({ lacking }), curated: [{ ...curatedTable, lacking }] });
    expect(found.map(({ commands }) => commands.map((command) => command.split(' --stage')[0]))).toEqual([
      ['npx sluice ingest backfill --source acme --dataset orders --from 2026-11-17 --to 2026-11-17'],
      ['npx sluice restore --table acme_orders --from 2026-11-18 --to 2026-11-19'],
      ['npx sluice curate rebuild --table events --from 2026-11-17 --to 2026-11-17'],
      ['npx sluice restore --table curated_events --from 2026-11-18 --to 2026-11-19'],
    ]);
  });

  it('of lost files says of each day whether its files are deleted or gone; archived ones have a finding of their own', () => {
    const days = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'] as const;
    const lacking = days.map((day) => ({ day, since: NOW - HOUR_MS, isOnly: day > '2026-11-16' }));
    const looked = days.slice(0, 2).map((day) => ({
      table: 'acme_orders',
      day,
      since: NOW - HOUR_MS,
      keys: ['x'],
    }));
    const archivedDays = { days: looked, unlookedUntil: days[2] };
    const table = 'acme_orders';
    const restorable = days.slice(1, 3).map((day) => ({ table, day, files: 0 }));
    const { gone, versions } = findingCatalogue.SLUICE_FINDING_FILES_LOST.cases;
    const { again, restored } = findingCatalogue.SLUICE_FINDING_ARCHIVED.cases;
    expect(judge({ ...datasetFacts({ lacking }), archivedDays, restorable })).toMatchObject([
      {
        title: `1 file of acme_orders is archived, of 1 day, the newest ${days[0]}, since ${hoursAgo(1)}.`,
        cause: again.cause,
        commands: [
          expect.stringContaining(`ingest backfill --source acme --dataset orders --from ${days[0]}`),
        ],
      },
      { cause: restored.cause, commands: Array(3).fill(expect.stringContaining('aws s3api')) },
      {
        cause: gone.cause,
        detail: expect.stringMatching(`${days[2]} .* Of days until ${days[2]} nobody has looked`),
        commands: [expect.stringContaining(' ingest backfill ')],
      },
      { cause: versions.cause, detail: expect.stringMatching(`${days[3]} since [^ ]+\\.$`) },
    ]);
  });
});

describe('a finding about raw files that are gone', () => {
  const kept = [{ ...curatedTable, kept: [keptDay] }];
  const exports = [{ ...namedExport, days: [{ ...loadedDay, day: keptDay.day, kept: 2 }] }];
  const lostDay = { table: 'events', day: keptDay.day, seenAt: NOW, files: 3, left: 1 } as const;
  const codesOf = (...facts: Parameters<typeof judge>) => judge(...facts).map(({ code }) => code);

  it('is the only one of copies that an export keeps of a curated day, and has the commands of both cures', () => {
    const replaced = [{ name: 'b.parquet', eTag: '"0a"' }];
    const curated = [{ ...curatedTable, kept: [{ ...keptDay, replaced }] }];
    const found = judge({ curated, exports });
    expect(found).toMatchObject([
      {
        code: 'SLUICE_FINDING_CURATE_KEPT',
        detail: expect.stringContaining('the export out keeps 2 copies'),
      },
    ]);
    expect(found[0]?.commands.map((command) => command.split(' --stage')[0])).toEqual([
      'npx sluice restore --table statsig_forwarded_events --from 2026-11-14',
      'npx sluice curate accept 2026-11-14 --table events',
    ]);
  });

  it('is the only one of copies that an export keeps of a raw day', () => {
    expect(judge({ lostDays: [lostDay], exports })).toMatchObject([
      {
        code: 'SLUICE_FINDING_DAYS_LOST',
        detail: expect.stringMatching(/until 2026-11-27; the export out keeps 2 copies/),
      },
    ]);
  });

  it('is one where the raw day and its curated day are of one deletion', () => {
    expect(judge({ lostDays: [lostDay], curated: kept })).toMatchObject([
      {
        code: 'SLUICE_FINDING_CURATE_KEPT',
        detail: expect.stringContaining('; S3 has what was deleted until 2026-11-27 '),
      },
    ]);
  });

  it('is one of each table, if one kind is lost and the other is kept of the same day', () => {
    const lost = { ...lostDay, table: 'exposures' as const };
    expect(codesOf({ lostDays: [lost], curated: kept }).toSorted()).toEqual([
      'SLUICE_FINDING_CURATE_KEPT',
      'SLUICE_FINDING_DAYS_LOST',
    ]);
  });

  it('says that S3 has no version, where there is none, and has a command that lets the rows go', () => {
    const restorable = [{ table: 'statsig_forwarded_events', day: keptDay.day, files: 0 }];
    const [found] = judge({ curated: kept, restorable });
    expect(found?.detail).toContain('; S3 has no version of them.');
    expect(found?.commands.map((command) => command.split(' --stage')[0])).toEqual([
      'npx sluice curate accept 2026-11-14 --table events',
      'npx sluice curate accept 2026-11-14 --table events --drop',
    ]);
  });

  it('says until when S3 had what it has no longer', () => {
    const old = [{ ...keptDay, since: '2026-11-13T00:20:00Z' }];
    const [found] = judge({ curated: [{ ...curatedTable, kept: old }] });
    expect(found?.detail).toContain('; S3 had what was deleted until 2026-11-19 ');
  });

  it('is none once somebody has accepted it, who means the copies, too', () => {
    expect(judge({ curated: [{ ...curatedTable, accepted: [keptDay.day] }], exports })).toEqual([]);
  });

  it.each([
    ['a raw table', { lostDays: [{ ...lostDay, table: 'exposures' as const }] }, 'DAYS_LOST'],
    [
      'a curated table',
      { curated: kept.map((table) => ({ ...table, kind: 'exposures' as const })) },
      'CURATE_KEPT',
    ],
  ])('of %s leaves alone the copies of another', (_table, facts, code) => {
    const expected = [`SLUICE_FINDING_${code}`, 'SLUICE_FINDING_EXPORT_KEPT'];
    expect(codesOf({ ...facts, exports }).sort()).toEqual(expected.sort());
  });
});
