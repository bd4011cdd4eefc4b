import { describe, expect, it } from '@jest/globals';
import { viewId, views } from '../../infra/data/views.ts';
import { resources } from '../../infra/resources.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { readPrestoView } from '../../lib/views/prestoView.ts';
import { viewNames } from '../../lib/views/viewNames.ts';
import { views as viewsOf } from '../../lib/views/views.ts';

const config = defineConfig({
  bucket: 'acme-experiments',
  database: 'acme',
  unitIds: { companyID: 'company_id' },
  experiments: Array.from({ length: 1_000 }, (_, i) => `an_experiment_with_a_name_of_usual_length_${i}`),
});
const stack = { config, service: 'acme', stage: 'prod' };

/** Athena's names for Glue's types. */
const ATHENA_TYPES: Readonly<Record<string, string>> = {
  string: 'varchar',
  boolean: 'boolean',
  timestamp: 'timestamp',
  date: 'date',
  bigint: 'bigint',
  double: 'double',
};

/** The relevant input of a Glue view. */
function inputOf(name: (typeof viewNames)[number]) {
  const input: {
    readonly Name?: string;
    readonly TableType?: string;
    readonly Parameters?: unknown;
    readonly ViewOriginalText?: string;
    readonly ViewExpandedText?: string;
    readonly StorageDescriptor?: {
      readonly Columns: readonly { readonly Name: string; readonly Type: string }[];
    };
  } = JSON.parse(JSON.stringify(views(stack)[viewId(name)]?.Properties['TableInput']));
  return input;
}

describe('views in the template', () => {
  it('are part of the template', () => {
    expect(Object.keys(resources(stack).Resources)).toEqual(expect.arrayContaining(viewNames.map(viewId)));
    expect(viewId('experiment_exposures')).toBe('ExperimentExposuresView');
  });

  it.each(viewNames)('%s is stored as CREATE VIEW in Athena stores it in Glue', (name) => {
    const view = viewsOf(config)[name];
    const input = inputOf(name);
    expect(input).toMatchObject({
      Name: name,
      TableType: 'VIRTUAL_VIEW',
      Parameters: { presto_view: 'true' },
      ViewExpandedText: '/* Presto View */',
    });
    const text = input.ViewOriginalText ?? '';
    expect(text).toMatch(/^\/\* Presto View: [A-Za-z0-9+/=]+ \*\/$/);
    // https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html
    expect(text.length).toBeLessThanOrEqual(409_600);
    expect(readPrestoView(text)).toEqual({
      originalSql: view.sql,
      catalog: 'awsdatacatalog',
      schema: 'acme',
      columns: view.columns.map(({ name: column, type }) => ({ name: column, type: ATHENA_TYPES[type] })),
    });
    expect(input.StorageDescriptor?.Columns.map(({ Name, Type }) => [Name, Type])).toEqual(
      view.columns.map((column) => [column.name, column.type]),
    );
  });

  it('are parsed only from definitions that Athena wrote', () => {
    expect(readPrestoView('SELECT 1')).toBeNull();
    expect(readPrestoView('/* Presto View: bm8ganNvbg== */')).toBeNull();
    expect(readPrestoView('/* Presto View: e30= */')).toBeNull();
  });
});
