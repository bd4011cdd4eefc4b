// One work over a grown lake in a separate process.
import type { LakeSize } from '../../test/harness/grownLake.ts';
import { measureWork, readRequest } from '../measure.ts';
import { readyWork } from './works.ts';

const { work, size } = await readRequest<{ readonly work: string; readonly size: LakeSize }>();
await measureWork(await readyWork(work, size));
