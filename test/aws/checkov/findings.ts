import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../../lib/base/json.ts';
import { runCommand } from '../../harness/runCommand.ts';
import { textOf } from '../../harness/textOf.ts';

const FUNCTION = /^AWS::Lambda::Function\./;
/**
 * The resources whose findings docs/platform.md judges, by checkov's ID: the type where the reason is about each of it, else
 * the logical IDs.
 */
const JUDGED: Readonly<Record<string, RegExp>> = {
  CKV_AWS_18: /^AWS::S3::Bucket\.(?:ServerlessDeployment|Data|Statsig|Reader\w+Results)Bucket$/,
  CKV_AWS_21: /^AWS::S3::Bucket\.(?:ServerlessDeployment|Statsig|Reader\w+Results)Bucket$/,
  CKV_AWS_27: /^AWS::SQS::Queue\./,
  CKV_AWS_95: /^AWS::ApiGatewayV2::Stage\.HttpApiStage$/,
  CKV_AWS_115: FUNCTION,
  CKV_AWS_116: FUNCTION,
  CKV_AWS_117: FUNCTION,
  CKV_AWS_149: /^AWS::SecretsManager::Secret\.(?:Keys|Reader\w+)Secret$/,
  CKV_AWS_158: /^AWS::Logs::LogGroup\./,
  CKV_AWS_173: FUNCTION,
  CKV_AWS_258: /^AWS::Lambda::Url\.(?:Collect|IngestTrigger)Url$/,
};

/** Checkov takes half a minute for the templates, and far more on a busy machine. */
const CHECKOV_MS = 600_000;
/** Characters of stdout that are shown if checkov wrote nothing on stderr, which is shown in whole. */
const SHOWN_CHARACTERS = 2_000;
/** A report of checkov on one framework: https://www.checkov.io/2.Basics/Reviewing%20Scan%20Results.html */
const reportSchema = z.object({
  summary: z.object({ passed: z.int().min(1), parsing_errors: z.literal(0) }),
  results: z.object({
    failed_checks: z.array(z.object({ check_id: z.string(), check_name: z.string(), resource: z.string() })),
  }),
});

/**
 * Compares what checkov finds in templates with what docs/platform.md answers: each finding is answered there for its
 * resource, each answer is to a finding, and each resource of `JUDGED` has its finding.
 *
 * @param bin The commands of checkov's Python environment.
 * @param folder Has the templates, and nothing else that ends in `.json`.
 * @returns What differs; empty if nothing does.
 * @throws Error with how checkov ended, if it makes no report, or one with a template that it could not parse or with
 *   nothing that passed: the cause names which.
 */
export function unansweredFindings(bin: string, folder: string): string {
  const options = ['--framework', 'cloudformation', '--skip-download', '--soft-fail'];
  // With what passes and with lines of the templates, the report has 70 MB.
  const report = ['--quiet', '--compact', '--output', 'json'];
  const args = ['--directory', folder, ...options, ...report];
  const { status, error, stdout, stderr } = runCommand(join(bin, 'checkov'), args, CHECKOV_MS);
  const read = reportSchema.safeParse(parseJson(stdout));
  if (!read.success) {
    const why = [`checkov ended with ${status}`, ...(error === undefined ? [] : [error.message])].join(', ');
    throw new Error(`${why}: ${stderr || stdout.slice(0, SHOWN_CHARACTERS)}`, { cause: read.error });
  }
  const { failed_checks: failed } = read.data.results;
  const found = new Set(failed.map(({ check_id }) => check_id));
  const page = textOf('docs', 'platform.md');
  const answered = new Set(page.match(/\bCKV2?_\w+/g));
  const open = failed.filter(
    ({ check_id, resource }) => !answered.has(check_id) || JUDGED[check_id]?.test(resource) !== true,
  );
  const stale = [...answered].filter((id) => !found.has(id));
  const unmet = Object.entries(JUDGED).filter(
    ([id, resources]) =>
      !failed.some(({ check_id, resource }) => check_id === id && resources.test(resource)),
  );
  return [
    ...new Set(open.map(({ check_id, check_name, resource }) => `${check_id}, ${resource}: ${check_name}`)),
    ...stale.map((id) => `${id}: docs/platform.md answers it, and checkov does not find it`),
    ...unmet.map(([id]) => `${id}: it is judged here, and checkov does not find it at these resources`),
  ].join('\n');
}
