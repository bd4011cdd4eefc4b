/** SQL that fails with Trino's error, typed as a whole number. See `macroStatements.ts` for why it is a cast. */
export const invalidArgument = (words: string): string =>
  `CAST('INVALID_FUNCTION_ARGUMENT: ${words}' AS BIGINT)`;
