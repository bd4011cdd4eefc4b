import { describe, expect, it } from '@jest/globals';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { datasetFacts, hoursAgo, loadedDay, quarantineCount } from '../statusFacts.ts';
import { judge } from './judge.ts';

describe('a finding about the quarantine', () => {
  it('of refused rows of files has the commands that load their days again, and names no sender', () => {
    const ofFiles = { ...quarantineCount, reason: 'SLUICE_INGEST_ROW_TIME_MISSING' };
    const days = [{ ...loadedDay, rows: { in: 40, out: 30, refused: 10 } }];
    const { cases: causes } = findingCatalogue.SLUICE_FINDING_QUARANTINED;
    const found = judge({ ...datasetFacts({ days }), quarantine: [ofFiles] });
    expect(found).toMatchObject([
      {
        cause: causes.files.cause,
        commands: [
          expect.stringContaining('ingest refused --source acme --dataset orders --day 2026-11-19'),
          expect.stringContaining(
            'backfill --source acme --dataset orders --from 2026-11-19 --to 2026-11-19',
          ),
        ],
      },
    ]);
    const [mixed] = judge({ ...datasetFacts({ days }), quarantine: [ofFiles, quarantineCount] });
    expect(mixed?.cause).toBe(causes.mixed.cause);
  });

  it('of a few refused rows of files shows these, and asks for no other mapping', () => {
    const ofFiles = { ...quarantineCount, reason: 'SLUICE_INGEST_ROW_UNIT_MISSING' };
    const found = (refused: number) => {
      const days = [{ ...loadedDay, rows: { in: 400, out: 400 - refused, refused } }];
      return judge({ ...datasetFacts({ days }), quarantine: [ofFiles] })[0];
    };
    const { cases } = findingCatalogue.SLUICE_FINDING_QUARANTINED;
    expect(found(40)?.cause).toBe(cases.files.cause);
    const few = found(39);
    expect(few).toMatchObject({
      ...cases.rows,
      commands: [expect.stringContaining('ingest refused --source acme --dataset orders --day 2026-11-19')],
    });
    expect(few?.detail).not.toContain('mapping');
  });

  it.each([
    { redrivenAt: hoursAgo(0.5), reason: 'SLUICE_ROW_UNFIT', severity: 'warning', is: 'redriven' },
    { redrivenAt: hoursAgo(1), reason: 'SLUICE_ROW_UNFIT', severity: 'problem', is: 'redrive' },
    { redrivenAt: null, reason: 'SLUICE_ROW_UNFIT', severity: 'problem', is: 'redrive' },
    { redrivenAt: hoursAgo(0.5), reason: 'SLUICE_EVENT_NO_NAME', severity: 'warning', is: 'sender' },
  ] as const)(
    'of $reason, the last of which came an hour ago, after a redrive at $redrivenAt is a $severity: $is',
    ({ redrivenAt, reason, severity, is }) => {
      const { cause } = findingCatalogue.SLUICE_FINDING_QUARANTINED.cases[is];
      const [found] = judge({ redrivenAt, quarantine: [{ ...quarantineCount, reason }] });
      expect(found).toMatchObject({ severity, cause });
      const end = `; a redrive delivered rows at ${redrivenAt} (`;
      expect(found?.title.includes(end)).toBe(is === 'redriven');
    },
  );

  it('of quarantine offers a redrive for what can be corrected, and the cure of everything else', () => {
    const found = (...reasons: readonly string[]) =>
      judge({ quarantine: reasons.map((reason) => ({ ...quarantineCount, reason })) });
    const [mixed] = found('SLUICE_BODY_CORRUPT', 'SLUICE_ROW_UNFIT', 'SLUICE_VALUE_UNFIT');
    expect(mixed?.commands.map((command) => /--reason (\S+)/.exec(command)?.[1])).toEqual([
      undefined,
      'SLUICE_ROW_UNFIT',
      'SLUICE_ROW_UNFIT',
    ]);
    expect(mixed?.detail).toContain(' SLUICE_BODY_CORRUPT: Send the body as the SDK wrote it.');
    for (const reason of ['SLUICE_BODY_TRUNCATED', 'SLUICE_BODY_NOT_JSON', 'SLUICE_EVENT_BAD_TIME'])
      expect(found(reason)[0]?.commands).toHaveLength(1);
    const redriven = [
      { reason: 'SLUICE_BODY_TOO_COSTLY', cure: 'Send smaller batches:' },
      { reason: 'SLUICE_EVENT_KIND_NOT_ALLOWED', cure: 'Allow the kind:' },
    ];
    for (const { reason, cure } of redriven) {
      expect(found(reason)[0]?.commands).toHaveLength(3);
      expect(found(reason)[0]?.detail).toContain(` ${reason}: ${cure}`);
    }
  });
});
