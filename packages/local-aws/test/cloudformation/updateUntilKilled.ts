import { writeSync } from 'node:fs';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { startLocalAws } from '../../src/server/index.ts';

/** Started by a test as a process of its own: begins an update of a stack, and prints its statuses until it is killed. */
const [directory = '', before = '', after = ''] = process.argv.slice(2);
const aws = await startLocalAws({ stack: JSON.parse(before), directory });
const client = new CloudFormationClient({
  endpoint: aws.endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});
writeSync(1, `${aws.endpoint}\n`);
process.stdin.once('data', () => void begin());

async function begin(): Promise<void> {
  void aws.update(JSON.parse(after));
  let last: string | undefined;
  for (;;) {
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({}));
    if (stack?.StackStatus !== last) writeSync(1, `${stack?.StackStatus}\n`);
    last = stack?.StackStatus;
  }
}
