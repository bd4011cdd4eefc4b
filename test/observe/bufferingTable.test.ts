import { expect, it } from '@jest/globals';
import { defineConfig } from '../../lib/config/defineConfig.ts';
import { bufferingTable } from '../../observe/cost/landingUsage.ts';

const { seconds, megabytes } = defineConfig({ bucket: 'acme-buffering' }).buffering;

it('the buffering table includes the default interval', () => {
  // A month has 43,200 objects and 86,400 files. Two PUTs an object and one a file, $0.864; as many GETs less one an object,
  // $0.0518; six events an object and one a file, $0.3456; three messages of each, $0.1555. 64 MiB / 60 s.
  expect(bufferingTable(megabytes).filter((row) => row.startsWith(`| ${seconds} |`))).toEqual([
    '| 60 | 1.5 min | 1,440 | 2,880 | $1.42 | 1,118 KB/s |',
  ]);
});
