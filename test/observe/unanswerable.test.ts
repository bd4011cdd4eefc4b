import { describe, expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { openDeployment } from '../../observe/deployment.ts';
import { requireOutput } from '../../observe/facts/flow/stackOutputs.ts';
import { listTableDays } from '../../observe/facts/tables/tableDays.ts';
import type { TableSummary } from '../../observe/facts/tables/tables.ts';

describe('a question that no call of AWS answers', () => {
  it('is about an output that the stack does not have', () => {
    expect(() => requireOutput(new Map(), 'WriteQueueUrl')).toThrow(
      expect.objectContaining({ code: 'SLUICE_OBSERVE_OUTPUT_MISSING' }),
    );
  });

  it('is about days of a table that has none', async () => {
    const stack = { service: 'sluice', stage: 'dev' };
    const config = defineConfig({ bucket: 'acme' });
    const deployment = openDeployment({ config, stack, isLocal: false, now: 0 }, { region: 'us-east-1' });
    const table: TableSummary = {
      name: 'first_exposures',
      kind: 'view',
      description: '',
      days: null,
      dataset: null,
      hasDays: false,
      location: null,
      columns: [],
    };
    await expect(listTableDays(deployment, table, { countRows: false })).rejects.toMatchObject({
      code: 'SLUICE_TABLES_NO_DAYS',
    });
    deployment.close();
  });
});
