import { describe, expect, it } from '@jest/globals';
import { bucketDeleters } from '../../infra/bucketNeeds.ts';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { acmeSource } from '../harness/configInput.ts';

describe('those who may delete in a bucket that exists', () => {
  const config = defineConfig({ bucket: 'acme', sources: [acmeSource()] });
  const names = [
    ['WriteRole', 'write-1'],
    ['IngestLoadRole', 'load-1'],
    ['CurateRole', 'curate-1'],
  ] as const;
  const deleters = (deployed: readonly (readonly [id: string, name: string])[]) =>
    bucketDeleters(
      { config },
      { identity: { partition: 'aws', account: '111122223333' }, names: new Map(deployed) },
    );

  it('are the roles of the writer, of loads and of the curation', () => {
    expect(deleters(names)).toEqual([
      'arn:aws:iam::111122223333:role/write-1',
      'arn:aws:iam::111122223333:role/load-1',
      'arn:aws:iam::111122223333:role/curate-1',
    ]);
  });

  it.each(names.map(([id]) => id))(
    'are none while the stack lacks %s, which a policy would lock out',
    (missing) => {
      expect(deleters(names.filter(([id]) => id !== missing))).toEqual([]);
    },
  );
});
