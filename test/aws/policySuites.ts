/** The suites whose verdicts on policies a simulator of IAM shares: regular expressions of their paths. */
export const POLICY_SUITES: readonly string[] = [
  'test/[a-z]+/lib/access/',
  'test/[a-z]+/infra/(?:deployPolicy|roles)\\.test',
  'test/proof/permissions/',
  'test/proof/erase\\.test',
  'test/proof/cli/probe/askLoadEngine\\.test',
];
