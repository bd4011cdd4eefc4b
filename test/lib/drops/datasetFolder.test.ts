import { describe, expect, it } from '@jest/globals';
import { makeDrop } from '../../../lib/drops/Drop.ts';
import { dropDayFolder, lackedMarker } from '../../../lib/drops/datasetFolder.ts';

describe('the folder of a day', () => {
  it.each([
    { format: 'YYYY-MM-DD', name: '2026-11-19' },
    { format: 'YYYYMMDD', name: '20261119' },
    { format: 'ds=YYYY-MM-DD', name: 'ds=2026-11-19' },
    { format: 'MM-DD=YYYY-MM-DD', name: 'MM-DD=2026-11-19' },
    { format: 'YYYY/MM/DD', name: '2026/11/19' },
    { format: 'YYYY/MM/DD/HH', name: '2026/11/19' },
    { format: 'YYYY-M-D', name: '2026-11-19' },
    { format: 'year=YYYY/month=M/day=D', name: 'year=2026/month=11/day=19' },
    { format: 'd=YYYYMMDD', name: 'd=20261119' },
  ] as const)('is named as $format says', ({ format, name }) => {
    expect(dropDayFolder('2026-11-19', format)).toBe(name);
  });
});

describe('the marker that a day lacks', () => {
  const ofDay = { folder: 'events', dayFormat: 'YYYY-MM-DD' };
  const dropOf = (path: string) =>
    makeDrop(
      [{ key: `events/2026-11-19/${path}`, size: 0, eTag: '"a"', lastModified: new Date(0) }],
      'events/2026-11-19/',
    );

  it('is told with one of its name below the day’s folder', () => {
    const waiting = { ...ofDay, waitFor: '_SUCCESS' };
    expect(lackedMarker(waiting, dropOf('hour=03/_SUCCESS'))).toBe(
      '_SUCCESS but 2026-11-19/hour=03/_SUCCESS',
    );
    expect(lackedMarker(waiting, dropOf('hour=03/_DONE'))).toBe('_SUCCESS');
    expect(lackedMarker(waiting, undefined)).toBe('_SUCCESS');
  });

  it('is none of a dataset that waits for none, whatever an object is named', () => {
    expect(lackedMarker(ofDay, dropOf('hour=03/undefined'))).toBeUndefined();
  });
});
