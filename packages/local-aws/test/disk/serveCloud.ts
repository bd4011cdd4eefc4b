import { readFileSync, writeSync } from 'node:fs';
import { LocalAwsError } from '../../src/base/index.ts';
import { startLocalAws } from '../../src/server/index.ts';

// A whole cloud in a process of its own, so that its files can be limited and it can be killed. Its first line says where
// it answers. A start that fails says why as the command line of a product does: a sentence, or the stack of a defect.
const [, , directory = '', templateFile = ''] = process.argv;
const template: unknown = JSON.parse(readFileSync(templateFile, 'utf8'));
try {
  const aws = await startLocalAws({ stack: { template }, directory });
  writeSync(1, `${JSON.stringify({ endpoint: aws.endpoint, api: aws.api })}\n`);
  process.once('SIGTERM', () => {
    aws
      .close()
      .catch((error: unknown) => process.stderr.write(`${error}\n`))
      .finally(() => process.exit());
  });
} catch (error) {
  process.stderr.write(
    error instanceof LocalAwsError
      ? `${error.code}: ${error.message}\n`
      : `${error instanceof Error ? error.stack : error}\n`,
  );
  process.exit(1);
}
