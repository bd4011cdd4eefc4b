import type { Case } from './Case.ts';
import { dayCases } from './days.ts';
import { deploymentCases } from './deployment.ts';
import { dropCases } from './drops.ts';
import { landingCases } from './landing.ts';
import { requestCases } from './requests.ts';
import { tableCases } from './tables.ts';

/** What somebody on call meets. */
export const cases: readonly Case[] = [
  ...requestCases,
  ...tableCases,
  ...dayCases,
  ...dropCases,
  ...landingCases,
  ...deploymentCases,
];
