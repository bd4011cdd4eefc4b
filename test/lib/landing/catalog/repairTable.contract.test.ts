import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { addDays } from '../../../../lib/base/time.ts';
import { dayLocation, registerPartitions } from '../../../../lib/landing/catalog/registerPartitions.ts';
import { repairTable } from '../../../../lib/landing/catalog/repairTable.ts';
import { replacePartition } from '../../../../packages/local-aws/src/glue/index.ts';
import { BUCKET, startCatalog, TODAY, TOMORROW, tableInput } from './startCatalog.ts';

let runs = 0;
const world = await startCatalog();
beforeEach(() => world.faults.clear());
afterAll(() => world.close());

function freshTarget() {
  runs += 1;
  const config = world.addTables(`repair_${runs}`);
  const { catalog, objects } = world;
  return { config, bucket: BUCKET, catalog, objects, attempts: world.attempts() };
}

type Target = ReturnType<typeof freshTarget>;
const partitions = ({ config }: Target) => world.glue.table('sluice', config.tables.events).partitions;
describe('repairTable', () => {
  it("updates partitions when the table's columns change, a hundred per call", async () => {
    const target = freshTarget();
    const old = Array.from({ length: 205 }, (_, index) => addDays(TODAY, -index));
    await registerPartitions(target, 'events', old);
    world.glue.ensureTable('sluice', tableInput(target.config, 'events', ['new_unit_id']));
    world.faults.set({
      glue: [{ fault: 'failPartitions', code: 'InternalServiceException', calls: 1, values: [old[7] ?? ''] }],
    });
    const { updated, failed } = await repairTable(target, 'events');
    expect([...updated].sort()).toEqual([...old].sort());
    expect(failed).toEqual([]);
    expect(partitions(target).length).toBeGreaterThan(204);
    for (const { values, input } of partitions(target)) {
      expect(input.StorageDescriptor?.Columns?.at(-1)?.Name).toBe('new_unit_id');
      expect(input.StorageDescriptor?.Location).toBe(
        dayLocation(target.config, BUCKET, 'events', values[0] ?? ''),
      );
    }
    expect((await repairTable(target, 'events')).updated).toEqual([]);
  });

  it('treats a location without a final slash as the same folder', async () => {
    const target = freshTarget();
    await registerPartitions(target, 'events', [TODAY]);
    world.glue.changePartitions('sluice', target.config.tables.events, (table) =>
      replacePartition(table, [TODAY], {
        Values: [TODAY],
        StorageDescriptor: { Location: dayLocation(target.config, BUCKET, 'events', TODAY).slice(0, -1) },
      }),
    );
    expect(await repairTable(target, 'events')).toMatchObject({ misplaced: [], updated: [TODAY] });
  });

  it('ignores a partition that is dropped before its update', async () => {
    const target = freshTarget();
    await registerPartitions(target, 'events', [TODAY, TOMORROW]);
    world.glue.ensureTable('sluice', tableInput(target.config, 'events', ['added']));
    world.faults.set({
      glue: [{ fault: 'failPartitions', code: 'EntityNotFoundException', calls: 9, values: [TODAY] }],
    });
    expect(await repairTable(target, 'events')).toMatchObject({ updated: [TOMORROW], failed: [] });
  });

  it('names what it cannot read', async () => {
    const target = freshTarget();
    const objects = world.objectsOf('no-such-bucket');
    await expect(repairTable({ ...target, objects }, 'events')).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_UNAVAILABLE',
      detail: expect.stringContaining('NoSuchBucket'),
    });
    world.faults.set({
      glue: [{ fault: 'failCalls', code: 'AccessDeniedException', calls: 1, operations: ['GetPartitions'] }],
    });
    await expect(repairTable(target, 'events')).rejects.toMatchObject({
      code: 'SLUICE_CATALOG_UNAVAILABLE',
      detail: expect.stringContaining('AccessDeniedException'),
    });
  });
});
