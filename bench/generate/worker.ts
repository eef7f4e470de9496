/** What a measured process and the runner say to each other. */

/** What one text took. */
export interface Measured {
  readonly milliseconds: number;
  /** Until the first token was there. */
  readonly first: number;
  readonly tokens: readonly number[];
  readonly peakMegabytes: number;
}

/** Answers each message of the runner with a text; the first, of warming up, is not counted. */
export function serve(generate: () => Promise<{ first: number; tokens: readonly number[] }>): void {
  process.on("message", async () => {
    const started = performance.now();
    const { first, tokens } = await generate();
    const measured: Measured = {
      milliseconds: performance.now() - started,
      first: first - started,
      tokens,
      peakMegabytes: process.resourceUsage().maxRSS / 1024,
    };
    process.send?.(measured);
  });
  process.send?.("ready");
}
