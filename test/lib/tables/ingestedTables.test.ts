import { beforeEach, describe, expect, it } from '@jest/globals';
import { resources } from '../../../infra/resources.ts';
import { defineConfig } from '../../../lib/config/defineConfig.ts';
import { type IngestedTable, ingestedTables } from '../../../lib/tables/ingestedTables.ts';
import { acmeSource, eventsDataset } from '../../harness/configInput.ts';
import { problemPaths } from '../config/problemPaths.ts';

const config = defineConfig({
  bucket: 'experiments',
  unitIds: { companyID: 'company_id' },
  sources: [
    acmeSource({
      datasets: [
        eventsDataset(),
        { name: 'metrics', kind: 'metrics', table: 'a1' },
        { name: 'exposures', kind: 'exposures', table: 'a_1' },
      ],
    }),
  ],
});

let tables: readonly IngestedTable[];
beforeEach(() => {
  tables = ingestedTables(config);
});

describe('ingestedTables', () => {
  it('have the columns of the design in order', () => {
    expect(
      tables.map(({ name, columns }) => `${name}: ${columns.map((column) => column.name).join(' ')}`),
    ).toEqual([
      'acme_events: timestamp event_name event_value user_id company_id unit_ids event_metadata source_file row_number ingested_at',
      'a1: unit_id id_type metric_date metric_name metric_value numerator denominator source_file row_number ingested_at',
      'a_1: timestamp experiment_id group_id unit_id unit_type metadata source_file row_number ingested_at',
    ]);
  });

  it('comment unit IDs with their origin in files, not in SDKs', () => {
    const [{ columns = [] } = {}] = tables;
    expect(columns.find(({ name }) => name === 'company_id')?.comment).toBe(
      'Unit ID of type companyID; null when empty',
    );
    expect(JSON.stringify(tables)).not.toContain('SDK');
  });

  it('have the day of the folder as their partition key', () => {
    for (const { partitionKey } of tables)
      expect(partitionKey).toEqual({
        name: 'ds',
        type: 'date',
        comment: "Day of the drop's folder; a row's own time may be another's",
      });
  });

  it('show control characters of a file’s column in its comment, which Glue refuses, and cut no character in two', () => {
    const columns = { first: 'first\nname', second: `${'x'.repeat(247)}🚀` };
    const dataset = { name: 'any', kind: 'table', table: 'any', mapping: { columns } } as const;
    const own = defineConfig({ bucket: 'experiments', sources: [acmeSource({ datasets: [dataset] })] });
    const comments = ingestedTables(own).flatMap((table) => table.columns.map(({ comment }) => comment));
    expect(comments[0]).toBe('Column first\\nname of the file');
    expect(comments[1]?.length).toBe(254);
    expect(comments.every((comment) => comment.isWellFormed())).toBe(true);
    const commented = { first: { column: 'a', comment: 'One line\nanother' } };
    const other = { ...dataset, mapping: { columns: commented } };
    expect(problemPaths({ sources: [acmeSource({ datasets: [other] })] })).toEqual([
      'sources.0.datasets.0.mapping.columns.first.comment',
    ]);
  });

  it('comment every column within Glue’s 255 characters', () => {
    const commented = tables.flatMap(({ columns, partitionKey }) => [...columns, partitionKey]);
    for (const { comment } of commented) {
      expect(comment.length).toBeGreaterThan(10);
      expect(comment.length).toBeLessThanOrEqual(255);
    }
  });

  it('are in the template, one for each dataset, and are retained', () => {
    const all = resources({ config, service: 'sluice', stage: 'dev' }).Resources;
    const found = Object.entries(all).filter(([id]) => id.endsWith('IngestedTable'));
    expect(found.map(([, { Properties }]) => JSON.stringify(Properties))).toEqual(
      tables.map(({ name }) => expect.stringContaining(`/statsig/ingested/${name}/"`)),
    );
    expect(found.every(([, { DeletionPolicy }]) => DeletionPolicy?.startsWith('Retain'))).toBe(true);
  });
});
