import { describe, expect, it } from '@jest/globals';
import { CurateError } from '../../lib/curate/CurateError.ts';
import { ReceiptError } from '../../lib/drops/load/end/sendReceipt.ts';
import { LoadError } from '../../lib/drops/load/LoadError.ts';
import { SourceError } from '../../lib/drops/SourceError.ts';
import { ExportError } from '../../lib/export/ExportError.ts';
import { LedgerError } from '../../lib/ledger/LedgerError.ts';
import { FileError } from '../../lib/parquet/FileError.ts';
import { type Finding, findingCatalogue } from '../../observe/findings/catalogue.ts';
import { doctorFindings } from './doctor/doctorFindings.ts';
import { ruleFaults } from './findingRule.ts';
import { judge } from './judge/judge.ts';
import { cases } from './judgeCases/cases.ts';
import {
  curatedTable,
  datasetFacts,
  failedDay,
  loadedDay,
  msAgo,
  namedExport,
  ongoingFailure,
} from './statusFacts.ts';

/** Codes of findings about what a client sent, or a person did. All others are about a resource, which they name. */
const OF_SENDERS = new Set(
  'NOT_STORED UNREACHED REFUSED SPIKE TIME_SECONDS CLOCK_OFF RESENDS QUARANTINED FILES_LOST DAYS_LOST TABLE_DIFFERS DRIFT KEYS_UNREADABLE'
    .split(' ')
    .map((name) => `SLUICE_FINDING_${name}`),
);
/** Words that name who did it, or say where that is written or that nobody knows. */
const SAYS_WHO =
  /\bfrom [a-z]+[-\w]* \d|with the key|Who sent them|does not say who|CloudTrail|neither client nor key|SLUICE_FINDING_ARCHIVING|Another release of Sluice has deployed/;

/** Findings of days that failed with each code; the message of a failed load is the cause of its code. */
const ofCodes: readonly Finding[] = [
  ...Object.entries({
    ...FileError.entries,
    ...SourceError.entries,
    ...LoadError.entries,
    ...LedgerError.entries,
  }).map(([failure, { cause }]) =>
    datasetFacts({ days: [{ ...failedDay, failure, failureMessage: cause }] }),
  ),
  ...Object.keys(ExportError.entries).map((failure) => ({
    exports: [{ ...namedExport, days: [{ ...failedDay, failure }] }],
  })),
  ...Object.keys(CurateError.entries).map((code) => ({
    curated: [
      {
        ...curatedTable,
        failed: [{ day: '2026-11-17', code, message: 'It was killed.', ...ongoingFailure }],
      },
    ],
  })),
  ...Object.keys(ReceiptError.entries).map((code) =>
    datasetFacts({ days: [{ ...loadedDay, receipt: { code, since: msAgo(5) } }] }),
  ),
].flatMap((facts) => judge(facts));

/** Findings of `sluice status` are held to the rule wherever a suite makes one: {@link judge}. */
describe('every finding', () => {
  it.each([...ofCodes, ...doctorFindings])('is by the rule: $title', (found) => {
    expect(ruleFaults(found)).toEqual([]);
  });

  it('is of somebody whom it names, or says why not, where it is about what a client sent or a person did', () => {
    const found = cases.flatMap(([, facts]) => judge(facts)).filter(({ code }) => OF_SENDERS.has(code));
    expect(found.length).toBeGreaterThan(10);
    const texts = found.map(({ title, detail, cause }) => `${title} ${detail} ${cause}`);
    expect(texts.filter((text) => !SAYS_WHO.test(text))).toEqual([]);
  });

  it('says who did it, or where that is written, wherever it says that somebody did', () => {
    const all = Object.entries(findingCatalogue).flatMap(([code, { cases: ofCode }]) =>
      Object.entries<Pick<Finding, 'cause'>>(Object(ofCode)).map(([name, { cause }]) => ({
        name: `${code} ${name}`,
        cause,
      })),
    );
    const bySomebody = all.filter(({ cause }) => /\bsomebody(?! else)\b/i.test(cause));
    expect(bySomebody.length).toBeGreaterThan(30);
    expect(bySomebody.filter(({ cause }) => !SAYS_WHO.test(cause)).map(({ name }) => name)).toEqual([]);
  });
});
