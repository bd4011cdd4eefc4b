import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addDays } from '../../../../lib/base/time.ts';
import { dayLocation, registerPartitions } from '../../../../lib/landing/catalog/registerPartitions.ts';
import { repairTable } from '../../../../lib/landing/catalog/repairTable.ts';
import { tableFolder } from '../../../../lib/tables/tableFolders.ts';
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
const put = (target: Target, key: string) =>
  world.store.put(BUCKET, `${tableFolder(target.config, 'events')}${key}`, 'x');

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
    // Those, and tomorrow's.
    expect(partitions(target)).toHaveLength(206);
    for (const { values, input } of partitions(target)) {
      expect(input.StorageDescriptor?.Columns?.at(-1)?.Name).toBe('new_unit_id');
      expect(input.StorageDescriptor?.Location).toBe(
        dayLocation(target.config, BUCKET, 'events', values[0] ?? ''),
      );
    }
    expect((await repairTable(target, 'events')).updated).toEqual([]);
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

  it('agrees with a model set of days, whatever exists and whoever else changes it', async () => {
    const day = fc.integer({ min: -40, max: 3 }).map((offset) => addDays(TODAY, offset));
    const layout = fc.record({
      folders: fc.uniqueArray(day, { maxLength: 12 }),
      junk: fc.array(fc.constantFrom('x/y.parquet', '2026-13-01/a', '20261120/a', 'ds=2026-11-20/a', 'z')),
      registered: fc.uniqueArray(day, { maxLength: 12 }),
      columnsChange: fc.boolean(),
      registrars: fc.integer({ min: 1, max: 3 }),
      faults: fc.array(
        fc.record({
          code: fc.constantFrom(
            'InternalServiceException',
            'AlreadyExistsException',
            'OperationTimeoutException',
          ),
          values: fc.uniqueArray(day, { minLength: 1, maxLength: 3 }),
          calls: fc.integer({ min: 1, max: 3 }),
        }),
        { maxLength: 2 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(layout, async ({ folders, junk, registered, columnsChange, registrars, faults }) => {
        const target = freshTarget();
        for (const folder of folders) await put(target, `${folder}/file.parquet`);
        for (const key of junk) await put(target, key);
        await registerPartitions(target, 'events', registered);
        if (columnsChange) world.glue.ensureTable('sluice', tableInput(target.config, 'events', ['added']));

        world.faults.clear();
        // Only Glue could answer "exists" for a partition that doesn't exist: the next run corrects that.
        world.faults.set({ glue: faults.map((fault) => ({ fault: 'failPartitions', ...fault })) });
        await Promise.all(
          Array.from({ length: registrars }, () =>
            repairTable({ ...target, attempts: world.attempts() }, 'events'),
          ),
        );
        world.faults.clear();
        await repairTable({ ...target, attempts: world.attempts() }, 'events');

        const expected = new Set([...folders, ...registered, TODAY, TOMORROW]);
        const found = partitions(target);
        expect(found.map(({ values }) => values[0])).toEqual([...expected].sort());
        const columns = world.glue.table('sluice', target.config.tables.events).input.StorageDescriptor
          ?.Columns;
        for (const { input } of found) expect(input.StorageDescriptor?.Columns).toEqual(columns);
      }),
      { numRuns: 12 },
    );
  });
});
