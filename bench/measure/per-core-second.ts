const measureMs = 1_000;
const checkEvery = 256;

/** How often `work` can be done in a second of one core: by the CPU time that it takes, so that what else the machine does is not counted. */
export function perCoreSecond(work: (n: number) => unknown): number {
  // What runs often is compiled first.
  spend(work, measureMs / 4);
  return Math.round(spend(work, measureMs));
}

function spend(work: (n: number) => unknown, ms: number): number {
  const before = process.cpuUsage();
  for (let done = 0; ; ) {
    for (let i = 0; i < checkEvery; i++) work(done++);
    const { user, system } = process.cpuUsage(before);
    const tookMs = (user + system) / 1_000;
    if (tookMs >= ms) return (done * 1_000) / tookMs;
  }
}
