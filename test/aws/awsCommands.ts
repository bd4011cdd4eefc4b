import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../local/roots.ts';
import { deploymentCommands } from '../../observe/deploymentCommands.ts';
import { findingCatalogue } from '../../observe/findings/catalogue.ts';
import { judge } from '../../observe/findings/judge/judge.ts';
import { runCommand } from '../harness/runCommand.ts';
import { doctorFindings } from '../observe/doctor/doctorFindings.ts';
import { cases } from '../observe/judgeCases/cases.ts';
import { judgedDeployment, wellFacts } from '../observe/statusFacts.ts';

const JUDGE_MS = 120_000;

/** Commands of the catalogue that no case of judgeCases makes: those of what the stack had. */
const REPAIRS: readonly (readonly string[])[] = [
  [
    'glue',
    'update-table',
    '--database-name',
    'sluice',
    '--table-input',
    '{"Name":"t","Parameters":{"a":"b"}}',
  ],
  ['glue', 'delete-table', '--database-name', 'sluice', '--name', 't'],
  [
    'athena',
    'update-work-group',
    '--work-group',
    'sluice',
    '--state',
    'ENABLED',
    '--configuration-updates',
    '{"BytesScannedCutoffPerQuery":10000000,"ResultConfigurationUpdates":{"OutputLocation":"s3://b/"}}',
  ],
  ['cloudwatch', 'enable-alarm-actions', '--alarm-names', 'a'],
  ['glue', 'create-table', '--database-name', 'sluice', '--table-input', '{"Name":"t"}'],
  ['kms', 'enable-key', '--key-id', 'k'],
  ['kms', 'cancel-key-deletion', '--key-id', 'k'],
];

/** Every `aws` command that a finding prints, or that a page has in its code. */
export function printedAwsCommands(): readonly string[] {
  const commands = deploymentCommands(judgedDeployment, 'eu-central-1');
  const found = cases.flatMap(([, facts]) =>
    judge({ ...wellFacts, ...facts }, judgedDeployment, 'eu-central-1'),
  );
  const cures = Object.values(findingCatalogue).flatMap(({ cases }) =>
    Object.values(cases).map(({ cure }) => cure),
  );
  const pages = execFileSync('git', ['ls-files', 'docs/*.md', 'README.md', 'examples/*.md'], {
    cwd: projectRoot,
    encoding: 'utf8',
  })
    .split('\n')
    .filter(Boolean)
    .map((page) => textOf(page));
  const texts = [
    ...[...found, ...doctorFindings].flatMap((finding) => finding.commands),
    ...REPAIRS.map((words) => commands.aws(...words)),
    ...[...cures, ...pages].flatMap(codeOf),
  ];
  return [...new Set(texts.flatMap(awsOf))];
}

/** Lines of fenced code, with what goes on behind a backslash, and code within a line. */
function codeOf(page: string): string[] {
  const fenced = [...page.matchAll(/^ *```.*\n([\s\S]*?)^ *```/gm)].map(([, code = '']) => code);
  const inline = [...page.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/`([^`]+)`/g)];
  return [
    ...fenced.flatMap((code) => code.replaceAll(/\\\n\s*/g, ' ').split('\n')),
    ...inline.map(([, code = '']) => code),
  ];
}

/** The commands of a line: its own, and those within `$(…)`. */
function awsOf(line: string): string[] {
  const inner = [...line.matchAll(/\$\((aws [^()]*)\)/g)].map(([, command = '']) => command);
  const own = /(?:^|[=|;&] *)(aws [\s\S]*)/.exec(line.replaceAll(/\$\([^()]*\)/g, 'X').trim())?.[1];
  return [...inner, ...(own === undefined ? [] : [own])];
}

/**
 * Asks botocore, from which the AWS CLI makes its commands, whether service, operation and options of each exist, and whether
 * JSON fits its parameter.
 *
 * @param bin Of a Python environment with botocore.
 * @returns What is wrong; empty if nothing is.
 */
export function judgeAwsCommands(bin: string, directory: string, commands: readonly string[]): string {
  const words = commands.map((command) =>
    [...command.matchAll(/'((?:[^']|'\\'')*)'|"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(
      ([, quoted, double, plain]) =>
        quoted?.replaceAll(`'\\''`, "'") ?? double?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '',
    ),
  );
  const file = join(directory, 'commands.json');
  writeFileSync(file, JSON.stringify(words));
  const { status, stdout, stderr } = runCommand(join(bin, 'python'), ['-c', JUDGE, file], JUDGE_MS);
  return status === 0 ? stdout.trim() : stderr;
}

/** Commands that the CLI has besides the services' operations, and its options: https://docs.aws.amazon.com/cli/latest/reference/ */
const JUDGE = `
import json, re, sys
import botocore.session
from botocore import xform_name
from botocore.validate import ParamValidator

OWN = {('cloudformation', 'deploy'), ('configure', 'export-credentials'), ('sso', 'login')}
OPTIONS = {'region', 'endpoint-url', 'query', 'output', 'profile', 'no-paginate', 'no-cli-pager', 'max-items'}
# https://github.com/aws/aws-cli/blob/v2/awscli/customizations/argrename.py
RENAMED = {('sns', 'subscribe', 'notification-endpoint'): 'endpoint'}
session = botocore.session.get_session()

def wrong(words):
    while words and words[0].startswith('--'):
        words = words[2:]
    service, verb, *rest = (words + ['', ''])[:max(2, len(words))]
    if verb == '' or service == 's3' or (service, verb) in OWN or not re.fullmatch('[a-z0-9-]+', service):
        return
    name = 's3' if service == 's3api' else service
    model = session.get_service_model(name)
    if verb == 'wait':
        waiters = session.get_waiter_model(name)
        ours = {xform_name(one, '-'): one for one in waiters.waiter_names}
        if rest[0] not in ours:
            yield 'no waiter ' + rest[0]
            return
        operation = model.operation_model(waiters.get_waiter(ours[rest[0]]).operation)
    else:
        ours = {xform_name(one, '-'): one for one in model.operation_names}
        if verb not in ours:
            yield 'no operation ' + verb
            return
        operation = model.operation_model(ours[verb])
    shape = operation.input_shape
    members = {xform_name(one, '-'): of for one, of in (shape.members if shape else {}).items()}
    for i, word in enumerate(rest):
        option = re.fullmatch('--([a-z-]+)', word)
        if word in ('#', '|', '>', '&&') : return
        if not option or option[1] in OPTIONS:
            continue
        named = RENAMED.get((service, verb, option[1]), option[1])
        of = members.get(named) or members.get(re.sub('^no-', '', named))
        if of is None:
            yield 'no option ' + word
            continue
        value = rest[i + 1] if i + 1 < len(rest) else ''
        if of.type_name in ('structure', 'list', 'map') and value[:1] in ('{', '['):
            report = ParamValidator().validate(json.loads(value), of)
            if report.has_errors():
                yield report.generate_report()

for words in json.load(open(sys.argv[1])):
    try:
        for text in wrong(words[1:]):
            print(' '.join(words)[:200], ':', text)
    except Exception as error:
        print(' '.join(words)[:200], ':', repr(error))
`;

import { textOf } from '../harness/textOf.ts';
