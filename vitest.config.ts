import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["quire-source"] },
  ssr: { resolve: { conditions: ["quire-source", "node"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "tools/*.test.ts", ".ci/*.test.ts"],
    testTimeout: 30_000,
    expect: { requireAssertions: true },
  },
});
