import { describe, expect, it } from '@jest/globals';
import { planCuration } from '../../../../lib/curate/engine/planCuration.ts';

const GB = 10 ** 9;
const machine = { memoryMegabytes: 884, threads: 1, diskBytes: 10_240 * 2 ** 20, milliseconds: 900_000 };
/** Raw files of 176 bytes a row, as Firehose writes them. */
const day = (rows: number) => ({ files: 288, rows, bytes: rows * 176 });

describe('planCuration', () => {
  it('does not cut a day of 20 million rows for a function with one CPU', () => {
    const plan = planCuration(day(20_000_000), machine);
    expect(plan).toMatchObject({ slices: 1 });
    expect(plan.diskBytes).toBeLessThan(machine.diskBytes);
    expect(plan.milliseconds).toBeLessThan(machine.milliseconds);
    expect(plan.batchBytes).toBeLessThan(plan.diskBytes);
  });

  it('cuts larger days into slices that fit the disk and the time', () => {
    let before = 1;
    for (const bytes of [5 * GB, 10 * GB, 15 * GB, 20 * GB]) {
      const plan = planCuration({ files: 5_000, rows: bytes / 176, bytes }, machine);
      expect(plan.fits).toBe(true);
      expect(plan.slices).toBeGreaterThan(before);
      expect(plan.diskBytes).toBeLessThan(machine.diskBytes);
      expect(plan.milliseconds).toBeLessThan(machine.milliseconds);
      before = plan.slices;
    }
  });

  it('cuts into fewer slices and sorts more rows at once on a larger machine', () => {
    const [small, large] = [machine, { ...machine, memoryMegabytes: 5_120, threads: 6 }].map((size) =>
      planCuration(day(80_000_000), size),
    );
    expect(large?.slices).toBeLessThan(small?.slices ?? 0);
    expect(large?.rowsAtOnce).toBeGreaterThan(3 * (small?.rowsAtOnce ?? 0));
  });

  it('says when the time is not enough for any number of slices, as each fetches all files', () => {
    const plan = planCuration({ files: 50_000, rows: 10 ** 9, bytes: 100 * GB }, machine);
    expect(plan).toMatchObject({ fits: false, slices: 1 });
  });

  it('plans a day without rows', () => {
    expect(planCuration({ files: 0, rows: 0, bytes: 0 }, machine)).toMatchObject({ slices: 1 });
  });
});
