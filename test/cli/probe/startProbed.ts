import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { repositoryRoot } from '../../../local/dataDirectory.ts';
import { callMain } from '../../harness/callMain.ts';
import { startCloudProcess } from '../../harness/cloudProcess.ts';
import { temporaryDirectory } from '../../harness/temporaryDirectory.ts';

/** Output of `sluice probe --json`. */
export interface ProbeJson {
  readonly run: string;
  readonly collector: string;
  readonly gateway?: string;
  readonly answers: readonly {
    readonly code: string;
    readonly verdict: 'expected' | 'otherwise' | 'unanswered';
    readonly found: string;
  }[];
  readonly cleanUp: Readonly<Record<string, number | boolean | readonly string[]>> | null;
}

/** A local cloud with a configuration of its own, and what probes it. */
export async function startProbed(fields: object) {
  const directory = temporaryDirectory();
  const configure = (more: object, name = 'sluice.config.ts') => {
    const file = join(directory.path, name);
    const defineConfig = join(repositoryRoot, 'lib', 'config', 'defineConfig.ts');
    writeFileSync(
      file,
      `import { defineConfig } from ${JSON.stringify(defineConfig)};\nexport default defineConfig(${JSON.stringify({ ...fields, ...more })});\n`,
    );
    return file;
  };
  const before = process.env['SLUICE_CONFIG'];
  process.env['SLUICE_CONFIG'] = configure({});
  const cloud = await startCloudProcess(join(directory.path, 'data'));
  const environment = { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null' };
  const s3 = new S3Client({
    endpoint: cloud.edge,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  });
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    callMain(['probe', '--local', '--endpoint-url', cloud.edge, ...args], {
      env: { ...environment, ...env },
    });
  return {
    cloud,
    s3,
    run,
    /** Runs it with --json: the exit code, and the answers by the end of their codes. */
    async probe(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
      const { code, stdout, stderr } = await run(['--json', ...args], env);
      if (!/^The local cloud on \S+\.\n$/.test(stderr)) throw new Error(stderr);
      const report: ProbeJson = JSON.parse(stdout);
      const answers = new Map(
        report.answers.map((one) => [one.code.slice('SLUICE_PROBE_'.length), one] as const),
      );
      return { code, report, answers, verdict: (name: string) => answers.get(name)?.verdict };
    },
    /** Another configuration file, for what the probe alone reads. */
    configure,
    /** Keys under a prefix of the bucket. */
    async keys(Prefix: string): Promise<readonly (string | undefined)[]> {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: cloud.bucket, Prefix }));
      return Contents.map(({ Key }) => Key);
    },
    async control(method: 'POST' | 'DELETE', path: string, body?: object) {
      const response = await fetch(`${cloud.edge}/_sluice/${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(await response.text());
    },
    async close() {
      await cloud.end('SIGTERM');
      if (before === undefined) delete process.env['SLUICE_CONFIG'];
      else process.env['SLUICE_CONFIG'] = before;
      s3.destroy();
      directory.remove();
    },
  };
}
