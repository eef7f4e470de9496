import type { FunctionProto, NodeProto } from "../proto.ts";
import { functionKey, readerOf, reasonAgainst } from "./readers.ts";
import { bodiesOf } from "./weights.ts";

/** An operation of a model that Quire does not read, and where it stands. */
export interface UnreadOperation {
  readonly op: string;
  /** Who defines it; empty for ONNX's own. */
  readonly domain: string;
  readonly count: number;
  /** Names of its nodes, or of their first outputs. */
  readonly nodes: readonly string[];
  /** Why it is not read, where there is more to say than that it is not known. */
  readonly reason?: string;
}

function withBodies(nodes: readonly NodeProto[]): NodeProto[] {
  return nodes.flatMap((node) => [
    node,
    ...bodiesOf(node).flatMap((body) => withBodies(body.node ?? [])),
  ]);
}

/** The operations among nodes, and in the graphs inside of them, that are not read. */
export function unreadAmong(
  nodes: readonly NodeProto[],
  functions: ReadonlyMap<string, FunctionProto>,
  includeBodies = false,
): UnreadOperation[] {
  const groups = new Map<string, NodeProto[]>();
  for (const node of includeBodies ? withBodies(nodes) : nodes) {
    const key = functionKey(node);
    if (readerOf(node) || functions.has(key)) continue;
    groups.set(key, [...(groups.get(key) ?? []), node]);
  }
  return [...groups.values()].map((members) => {
    const [first] = members as [NodeProto];
    const reason = reasonAgainst(first);
    return {
      op: first.opType ?? "",
      domain: first.domain ?? "",
      count: members.length,
      nodes: members.map(({ name, output }) => name || (output?.[0] ?? "")),
      ...(reason !== undefined && { reason }),
    };
  });
}

/** Unread operations as a message lists them. */
export function unreadText(operations: readonly UnreadOperation[]): string {
  const listed = operations.map(({ op, domain, count, nodes, reason }) => {
    const name = domain === "" ? op : `${domain}.${op}`;
    const few = nodes.slice(0, 3).map((node) => `"${node}"`);
    const places = [...few, ...(nodes.length > 3 ? ["..."] : [])].join(", ");
    return `${name} (${count} ${count === 1 ? "node" : "nodes"}: ${places}) is not read${reason ? `, because ${reason}` : ""}`;
  });
  return listed.join("; ");
}
