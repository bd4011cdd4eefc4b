import { readFileSync } from 'node:fs';
import { platform } from 'node:os';

/**
 * The peak memory of this process, in MiB. On Linux, a child's `maxRSS` includes the memory of its parent at the start; the peak
 * in /proc does not.
 */
export function peakRssMib(): number {
  const status = platform() === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
  return Number(kilobytes ?? process.resourceUsage().maxRSS) / 1_024;
}
