/** The suites whose verdicts on policies a simulator of IAM shares: regular expressions of their paths. */
export const POLICY_SUITES: readonly string[] = [
  'test/lib/access/',
  'test/infra/(?:deployPolicy|roles)\\.',
  'test/permissions/',
  'test/lib/erase/eraseLake\\.',
];
