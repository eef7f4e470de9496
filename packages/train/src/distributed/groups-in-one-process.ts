import { collectivesInOneProcess, MeetingPoint } from "@quire/tensor";
import type { ProcessGroup } from "./process-group.ts";

/**
 * Groups of one process that behave as that many processes do, each driven by code of its own, which must run at once:
 * to see what processes do together where no `mpirun` started them.
 */
export function groupsInOneProcess(size: number): ProcessGroup[] {
  const at = new MeetingPoint(size);
  /** What a split made, by part, until everyone has taken his own. */
  let parts = new Map<number, ProcessGroup[]>();
  return collectivesInOneProcess(size, at).map((collectives) => {
    const { rank } = collectives;
    return {
      ...collectives,
      broadcast: (bytes) =>
        at.meet(rank, bytes, (all) => {
          for (const part of all.slice(1)) part.set(all[0] as Uint8Array);
        }),
      barrier: () => at.meet(rank, undefined, () => undefined),
      split: async (part) => {
        let place = 0;
        await at.meet(rank, { part, placed: (own: number) => (place = own) }, (all) => {
          parts = new Map();
          for (const one of all) {
            const members = all.filter((other) => other.part === one.part);
            one.placed(members.indexOf(one));
            if (!parts.has(one.part)) parts.set(one.part, groupsInOneProcess(members.length));
          }
        });
        return parts.get(part)?.[place] as ProcessGroup;
      },
    };
  });
}
