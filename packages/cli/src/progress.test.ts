import { afterEach, expect, test, vi } from "vitest";
import { loggedProgress, timeLeft } from "./progress.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("a log gets a line every five seconds at most", () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  const progress = loggedProgress("training", (line) => lines.push(line));
  progress.update(0.1, "loss 2.0");
  vi.advanceTimersByTime(5000);
  progress.update(0.25, "loss 1.0");
  progress.update(0.26);
  vi.advanceTimersByTime(5000);
  progress.update(0.5);
  progress.finish();
  expect(lines).toEqual(["training 25 %, 15 s left, loss 1.0\n", "training 50 %, 10 s left\n"]);
});

test("a long log gets ever fewer lines", () => {
  vi.useFakeTimers();
  const lines: string[] = [];
  const progress = loggedProgress("measuring", (line) => lines.push(line));
  for (let second = 1; second <= 3600; second++) {
    vi.advanceTimersByTime(1000);
    progress.update(0.5);
  }
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.length).toBeLessThan(60);
});

test("the time left is not guessed from little", () => {
  expect(timeLeft(0.5, 0.5)).toBe("");
  expect(timeLeft(10, 0.005)).toBe("");
  expect(timeLeft(10, 1)).toBe("");
  expect(timeLeft(60, 0.25)).toBe("3 min 0 s left");
});
