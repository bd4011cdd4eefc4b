import { describe, expect, it } from '@jest/globals';
import { explainAnyCode } from '../../../cli/commands/explain.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { errorFamilies } from '../../harness/errorFamilies.ts';

/** Errors that only commands throw: they print the cure themselves. */
const OF_COMMANDS = ['KeyListError', 'PolicyError'];

describe('a code', () => {
  it('is explained if it is in an answer, a log, the ledger or quarantine', async () => {
    const families = (await errorFamilies()).filter(
      ({ file, name }) => file.startsWith('lib/') && !OF_COMMANDS.includes(name),
    );
    expect(families.length).toBeGreaterThan(20);
    for (const { entries } of families)
      for (const [code, { cause, cure }] of Object.entries(entries))
        expect(await explainAnyCode(code)).toMatchObject({ code, cause, cure });
  });

  it('is explained with its section if it is of a finding', async () => {
    for (const code of Object.keys(findingCatalogue))
      expect(await explainAnyCode(code)).toMatchObject({ code });
    expect(await explainAnyCode('SLUICE_FINDING_REFUSED')).toMatchObject({ section: 'Requests are refused' });
  });

  it('of a finding with several cases has each, with the condition under which it is that', async () => {
    const { cases } = findingCatalogue.SLUICE_FINDING_INGEST_LATE;
    const explained = await explainAnyCode('SLUICE_FINDING_INGEST_LATE');
    const conditions = explained?.cure.split('\n').filter((line) => line.startsWith('- If so: '));
    expect(conditions).toEqual(Object.values(cases).map(({ cause }) => `- If so: ${cause}`));
  });

  it('is not explained if there is none', async () => {
    expect(await explainAnyCode('SLUICE_NO_SUCH_CODE')).toBeNull();
  });
});
