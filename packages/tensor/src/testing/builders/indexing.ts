import { embedding, gather, gatherElements, scatterAdd } from "../../ops/gather.ts";
import { sort, topK } from "../../ops/order.ts";
import { oneHot } from "../../ops/position.ts";
import { cumulativeSum } from "../../ops/running.ts";
import { triangularLower, triangularUpper } from "../../ops/triangular.ts";
import type { Family } from "../stored-case.ts";

/** Looking up, scattering and ordering. */
export const indexing: Family = {
  name: "index",
  builders: {
    gather: ([x, indices], { axis }) => gather(x, indices, axis),
    gatherElements: ([x, indices], { axis }) => gatherElements(x, indices, axis),
    scatterAdd: ([x, indices, updates], { axis }) => scatterAdd(x, indices, updates, axis),
    embedding: ([table, ids]) => embedding(table, ids),
    oneHot: ([ids], { depth }) => oneHot(ids, depth),
    topK: ([x], { k, ...options }) => Object.values(topK(x, k, options)),
    sort: ([x], options) => Object.values(sort(x, options)),
    cumulativeSum: ([x], options) => cumulativeSum(x, options),
    triangularLower: ([x], { diagonal }) => triangularLower(x, diagonal),
    triangularUpper: ([x], { diagonal }) => triangularUpper(x, diagonal),
  },
};
