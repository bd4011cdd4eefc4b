// One work over a grown lake in a separate process.
import type { LakeSize } from '../../test/harness/grownLake.ts';
import { measured, requested } from '../measure.ts';
import { readyWork } from './works.ts';

const { work, size } = await requested<{ readonly work: string; readonly size: LakeSize }>();
await measured(await readyWork(work, size));
