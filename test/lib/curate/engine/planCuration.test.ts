import { describe, expect, it } from '@jest/globals';
import { planCuration } from '../../../../lib/curate/engine/planCuration.ts';

const GB = 10 ** 9;
const machine = { memoryMegabytes: 884, threads: 1, diskBytes: 10_240 * 2 ** 20, milliseconds: 900_000 };
/** Raw files of 176 bytes a row, as Firehose writes them. */
const day = (rows: number) => ({ rows, bytes: rows * 176 });

describe('planCuration', () => {
  it('does not cut a day of 20 million rows for a function with one CPU', () => {
    expect(planCuration(day(20_000_000), machine)).toMatchObject({ slices: 1, fits: true });
  });

  it.each([
    { gigabytes: 5, slices: 2 },
    { gigabytes: 10, slices: 3 },
    { gigabytes: 15, slices: 6 },
    { gigabytes: 20, slices: 11 },
  ])('cuts $gigabytes GB into $slices slices, which fit the disk and the time', ({ gigabytes, slices }) => {
    const bytes = gigabytes * GB;
    const plan = planCuration({ rows: bytes / 176, bytes }, machine);
    expect(plan).toMatchObject({ slices, fits: true });
  });

  it.each([
    { what: 'one CPU', size: machine, slices: 5, rowsAtOnce: 351_114 },
    {
      what: 'six',
      size: { ...machine, memoryMegabytes: 5_120, threads: 6 },
      slices: 3,
      rowsAtOnce: 2_033_601,
    },
  ])('cuts by the CPUs of a machine, and sorts by its memory: $what', ({ size, slices, rowsAtOnce }) => {
    expect(planCuration(day(80_000_000), size)).toMatchObject({ slices, rowsAtOnce });
  });

  it('says when the time is not enough for any number of slices, as each fetches all files', () => {
    const plan = planCuration({ rows: 10 ** 9, bytes: 100 * GB }, machine);
    expect(plan).toMatchObject({ fits: false, slices: 1 });
  });

  it('plans a day without rows', () => {
    expect(planCuration({ rows: 0, bytes: 0 }, machine)).toMatchObject({
      slices: 1,
      fits: true,
    });
  });
});
