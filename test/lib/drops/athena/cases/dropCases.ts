import { castCases } from './castCases.ts';
import type { DropCase } from './DropCase.ts';
import { rowCases } from './rowCases.ts';
import { timeCases } from './timeCases.ts';
import { valueCases } from './valueCases.ts';

/** Drops that both engines make the same rows of. */
export const dropCases: readonly DropCase[] = [...castCases, ...valueCases, ...timeCases, ...rowCases];
