import { describe, expect, it } from '@jest/globals';
import { explainAnyCode } from '../../../cli/commands/explain.ts';
import { findingCatalogue } from '../../../observe/findings/catalogue.ts';
import { errorFamilies } from '../../harness/errorFamilies.ts';

describe('a code', () => {
  it('is explained, whichever part of the code has it', async () => {
    const families = await errorFamilies();
    expect(families.length).toBeGreaterThan(50);
    const all = families.flatMap(({ entries }) => Object.entries(entries));
    for (const [code, { cause, cure }] of all)
      expect({ code, ...(await explainAnyCode(code)) }).toMatchObject({ code, cause, cure });
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
