import type { AnalystQuery } from './analystQueries/AnalystQuery.ts';
import { answersQueries } from './analystQueries/answers.ts';
import { checkQueries } from './analystQueries/check.ts';
import { completeQueries } from './analystQueries/complete.ts';
import { connectQueries } from './analystQueries/connect.ts';
import { costQueries } from './analystQueries/cost.ts';
import { effectQueries } from './analystQueries/experimentsEffects.ts';
import { eventQueries } from './analystQueries/experimentsEvents.ts';
import { unitQueries } from './analystQueries/experimentsUnits.ts';
import { ingestMappingQueries } from './analystQueries/ingestMapping.ts';
import { metricsQueries } from './analystQueries/metrics.ts';
import { privacyQueries } from './analystQueries/privacy.ts';
import { sendQueries } from './analystQueries/send.ts';

/** Queries that analysts copy from the docs or run by a command, on made rows, which DuckDB and Trino both answer. */
export const analystQueries: readonly AnalystQuery[] = [
  ...connectQueries,
  ...checkQueries,
  ...answersQueries,
  ...completeQueries,
  ...costQueries,
  ...unitQueries,
  ...effectQueries,
  ...eventQueries,
  ...ingestMappingQueries,
  ...metricsQueries,
  ...privacyQueries,
  ...sendQueries,
];
