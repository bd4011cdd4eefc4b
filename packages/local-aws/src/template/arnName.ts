/** `sluice-local-collect` of `arn:aws:lambda:us-east-1:000000000000:function:sluice-local-collect`. */
export function arnName(arn: string): string {
  return arn.slice(arn.lastIndexOf(':') + 1);
}
