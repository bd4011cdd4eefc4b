import { castCases } from './castCases.ts';
import type { DropCase } from './DropCase.ts';
import { rowCases } from './rowCases.ts';
import { timeCases } from './timeCases.ts';
import { valueCases } from './valueCases.ts';

/** Drops of odd files. */
export const dropCases: readonly DropCase[] = [...castCases, ...valueCases, ...timeCases, ...rowCases];
