import { partName } from '../infra/template/Stack.ts';
import { shellCommand } from '../lib/base/text.ts';
import { RESTORED } from '../lib/tables/tableFolders.ts';
import { sluiceCommand } from './commands.ts';
import type { Deployment } from './deployment.ts';
import { deploymentOptions } from './target.ts';

/** Commands for a person, for one deployment. */
export type DeploymentCommands = ReturnType<typeof deploymentCommands>;

/** Builders of commands for a person to run on a deployment. */
export function deploymentCommands(
  { stack, localControl }: Pick<Deployment, 'stack' | 'localControl'>,
  region: string,
) {
  const endpoint = localControl === undefined ? {} : { endpoint: localControl };
  const where = ['--region', region, ...(localControl === undefined ? [] : ['--endpoint-url', localControl])];
  const options = deploymentOptions({
    stack,
    isLocal: localControl !== undefined,
    aws: { region, ...endpoint },
  });
  const aws = (...words: readonly string[]) => shellCommand(['aws', ...words, ...where]);
  const listVersions = (bucket: string, folders: readonly string[], query: string) => {
    const [first = ''] = folders;
    const prefix =
      folders.length === 1 ? first : first.slice(0, first.lastIndexOf('/', first.length - 2) + 1);
    return aws(
      's3api',
      'list-object-versions',
      '--bucket',
      bucket,
      '--prefix',
      prefix,
      '--output',
      'json',
      '--query',
      query,
    );
  };
  return {
    /** Options of `sluice` that name the deployment. */
    options,
    aws,
    sluice: (...words: readonly string[]) => sluiceCommand(options, words),
    /** Takes the delete markers of objects below folders away, which brings them back as they were. */
    restore: (bucket: string, folders: readonly string[]) => {
      const below = folders.map((folder) => `starts_with(Key, '${folder}')`).join(' || ');
      const query = `DeleteMarkers[?IsLatest && (${below})].{Key:Key,VersionId:VersionId}`;
      const markers = listVersions(bucket, folders, query);
      const remove = aws('s3api', 'delete-objects', '--bucket', bucket, '--delete', 'BATCH');
      return `${markers} | node -e '${BATCHES}' | while read -r batch; do ${remove.replace(' BATCH ', ' "$batch" ')}; done`;
    },
    /** Copies versions of files below folders, by their ETags, beside the files that replaced them. It takes nothing away. */
    copyBack: (bucket: string, folders: readonly string[], eTags: readonly string[]) => {
      const versions = listVersions(bucket, folders, 'Versions[].[ETag,VersionId,Key]');
      const wanted = shellCommand([bucket, ...eTags.map((eTag) => eTag.replaceAll('"', ''))]);
      const copy = aws('s3api', 'copy-object', '--bucket', bucket, '--key', 'KEY', '--copy-source', 'FROM');
      const filled = copy.replace(' KEY ', ' "$key" ').replace(' FROM ', ' "$from" ');
      return `${versions} | node -e '${COPIES}' ${wanted} | while read -r from key; do ${filled}; done`;
    },
    /** A call of the local cloud's control API. */
    control: (method: 'POST' | 'DELETE', name: string) =>
      shellCommand(['curl', '-X', method, `${localControl}/_sluice/${name}`]),
    /** A message to the queue of a function; the queue's address depends on the account. */
    send: (part: string, body: string) => {
      const url = aws(
        'sqs',
        'get-queue-url',
        '--queue-name',
        partName(stack, part),
        '--query',
        'QueueUrl',
        '--output',
        'text',
      );
      return `${shellCommand(['aws', 'sqs', 'send-message', '--queue-url'])} "$(${url})" ${shellCommand(['--message-body', body, ...where])}`;
    },
  };
}

/** Makes requests of some hundred objects, a line each, of what is listed: docs/platform.md has the same. */
const BATCHES =
  'const{log}=console,all=JSON.parse(require("fs").readFileSync(0))??[];while(all.length)log(JSON.stringify({Objects:all.splice(0,300),Quiet:true}))';

/** Makes a source and a new key of each version with one of some ETags, a line each; none twice. */
const COPIES = `const{log}=console,[bucket,...tags]=process.argv.slice(1),all=JSON.parse(require("fs").readFileSync(0))??[],there=all.map(([,,key])=>key);for(const[tag,id,key]of all){const to=key.replace(/[^/]*$/,"${RESTORED}$&");if(!tags.includes(tag.slice(1,-1))||there.includes(to))continue;there.push(to);log(bucket+"/"+key.split("/").map(encodeURIComponent).join("/")+"?versionId="+id,to)}`;

/** CloudFormation deletes the change set after it was executed. */
const CHANGE_SET = 'sluice-repair';

/** The words after `aws` of the commands that make CloudFormation compare its template with the resources, and revert what differs. */
export function revertDriftWords(stackName: string): readonly (readonly string[])[] {
  const of = ['--stack-name', stackName, '--change-set-name', CHANGE_SET];
  const shown = 'Changes[].ResourceChange.[Action,LogicalResourceId,PhysicalResourceId]';
  return [
    [
      'cloudformation',
      'create-change-set',
      ...of,
      '--use-previous-template',
      '--deployment-mode',
      'REVERT_DRIFT',
      '--capabilities',
      'CAPABILITY_NAMED_IAM',
    ],
    ['cloudformation', 'wait', 'change-set-create-complete', ...of],
    ['cloudformation', 'describe-change-set', ...of, '--query', shown, '--output', 'table'],
    ['cloudformation', 'execute-change-set', ...of],
  ];
}
