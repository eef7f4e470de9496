import { expect, test } from "vitest";
import { guardOf } from "./web-gpu.ts";

const message =
  /^The browser took the GPU away \(driver reset\), and with it the state there; load the page again, or use the device cpu\.$/;

test("calls go through until the GPU is lost; the one under way and later ones then fail", async () => {
  let lose: (reason: { message: string }) => void = () => undefined;
  const guard = guardOf({
    lost: new Promise((resolve) => {
      lose = resolve;
    }),
  });
  expect(await guard(() => Promise.resolve(3))).toBe(3);
  await expect(guard(() => Promise.reject(new Error("own")))).rejects.toThrow(/^own$/);
  const endless = guard(() => new Promise<never>(() => undefined));
  lose({ message: "driver reset" });
  await expect(endless).rejects.toThrow(message);
  await expect(guard(() => Promise.resolve(3))).rejects.toThrow(message);
});
