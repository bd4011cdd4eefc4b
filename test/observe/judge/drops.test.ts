import { describe, expect, it } from '@jest/globals';
import { targetCommands } from '../../../observe/commands.ts';
import { explainStoredCode } from '../../../observe/explainCode.ts';
import { datasetFacts, exportOf, failedBy } from '../statusFacts.ts';
import { judge } from './judge.ts';

describe('a finding about drops and exports', () => {
  it.each(['SLUICE_INGEST_FILE_TRUNCATED', 'SLUICE_INGEST_COLUMN_MISSING', 'SLUICE_SOURCE_ROLE_DENIED'])(
    'of a day that failed with %s says why, and has the cure of that',
    (failure) => {
      const why = 'A file is wrong. orders/2026-11-18/a.parquet.';
      const found = judge(datasetFacts({ days: [failedBy(failure, why)] }));
      // Up to its first command, which names the dataset here.
      const [ownCure = ''] = explainStoredCode(failure).cure.split(/ ?`/);
      expect(ownCure).not.toBe('');
      expect(found).toMatchObject([
        { cause: expect.stringContaining(why), cure: expect.stringContaining(ownCure) },
      ]);
    },
  );

  it('of a role that a customer does not let the export take has the cure of its code alone', () => {
    const failure = 'SLUICE_EXPORT_ROLE_DENIED';
    const [found] = judge(exportOf(failedBy(failure)));
    const target = ['--stage', 'prod', '--region', 'eu-central-1'];
    const cure = targetCommands(explainStoredCode(failure).cure, target).replace(
      '--export …',
      '--export out',
    );
    expect(found?.cure).toBe(`${cure} Then the last command exports these days.`);
  });
});
