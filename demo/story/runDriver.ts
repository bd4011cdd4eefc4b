import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const counts = z.record(z.string(), z.number());

/** The JSON line that a driver prints when its SDK has flushed. */
const sentSchema = z.object({
  sdk: z.string(),
  sent: z.object({
    gate: z.number(),
    config: z.number(),
    layer: z.number(),
    custom: counts,
    telemetry: counts,
  }),
  byDay: z.record(z.string(), z.object({ exposures: z.number(), events: z.number() })),
  groups: z.record(z.string(), counts),
});

/** What one SDK logged, by its own account. */
export type DriverReport = z.output<typeof sentSchema>;

/**
 * Runs a script of `demo/sdks` with its settings, in a process of its own as an app would be, and reads what it sent.
 *
 * @throws when the driver fails or takes longer than `timeoutMs`, with what it wrote to stderr.
 */
export async function runDriver(script: string, settings: object, timeoutMs = 90_000): Promise<DriverReport> {
  const file = fileURLToPath(new URL(`../sdks/${script}`, import.meta.url));
  const child = spawn(process.execPath, [file, JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    // Server Core reports its failures to Statsig, whatever it was told: nothing of that leaves this machine.
    env: { ...process.env, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' },
  });
  const [out, errors, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ]);
  if (code !== 0) throw new Error(`${script} failed (exit ${code}):\n${errors}`);
  const lines = out.trim().split('\n');
  return sentSchema.parse(JSON.parse(lines.at(-1) ?? ''));
}
