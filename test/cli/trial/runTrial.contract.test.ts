import { spawn } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { endDeployment } from '../../../cli/trial/removeTrial.ts';
import { awaitKeys } from '../../../cli/trial/runTrial.ts';
import { newTrialId, trialStage } from '../../../cli/trial/Trial.ts';
import { trialFiles } from '../../../cli/trial/writeService.ts';

const trial = { id: newTrialId() };

describe('a trial, before its questions', () => {
  const keys = { client: 'client-trial', server: 'secret-trial' };
  /** Waits for keys at a door that gives the same answer to all. */
  async function wait(status: number, body: string): Promise<number> {
    const server = createServer((_, answer) => void answer.writeHead(status).end(body));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    let waited = 0;
    const clock = { now: () => waited };
    const wait = async (ms: number) => {
      waited += ms;
    };
    const collector = `http://127.0.0.1:${port}`;
    const run = { id: trial.id, collector, keys, time: 0, lacks: new Set<string>() };
    await awaitKeys({ clock, wait }, run).finally(() => server.close());
    return waited;
  }

  it('one finding has the status and the body of what is not the collector', async () => {
    await expect(wait(403, '<html>\nblocked by Acme</html>')).rejects.toMatchObject({
      code: 'SLUICE_TRIAL_NO_ANSWER',
      message: expect.stringMatching(/403, .*blocked by Acme/),
    });
  });

  it('a collector that knows no key is asked the questions, and one that does at once', async () => {
    expect(await wait(401, '{"success":false,"code":"SLUICE_COLLECT_KEY_UNKNOWN"}')).toBeGreaterThan(60_000);
    expect(await wait(202, '{"success":true}')).toBe(0);
  });

  it('the deployment of a killed trial ends with its removal', async () => {
    const { service, pid } = trialFiles(trial);
    await mkdir(service, { recursive: true });
    const args = ['-e', 'setInterval(() => {}, 1e6)', 'deploy', '--stage', trialStage(trial)];
    const [own, foreign] = [args, args.slice(0, 2)].map((given) =>
      spawn(process.execPath, given, { detached: true, stdio: 'ignore' }),
    );
    const ended = new Promise((resolve) => own?.once('exit', (_, signal) => resolve(signal)));
    // A process that has got the number since is left alone.
    await writeFile(pid, String(foreign?.pid));
    await endDeployment(trial);
    await writeFile(pid, String(own?.pid));
    await endDeployment(trial);
    expect(await ended).toBe('SIGKILL');
    expect(foreign?.kill('SIGKILL')).toBe(true);
    await rm(service, { recursive: true });
    await endDeployment(trial);
  });
});
