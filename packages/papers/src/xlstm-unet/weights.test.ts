import { readFileSync } from "node:fs";
import { countParameters, initialize, type MatrixLstmForm, type ResidualUNet } from "@quire/nn";
import {
  compile,
  type HostTensor,
  hostTensor,
  reshape,
  type Tensor,
  transpose,
} from "@quire/tensor";
import { modelTensors } from "@quire/train";
import { describe, expect, test } from "vitest";
import { build } from "./model.ts";
import { paper } from "./paper.ts";
import { VisionLstm } from "./vision-lstm.ts";
import {
  loadVisionLstm,
  type OfficialVisionLstmArguments,
  visionLstmFromArguments,
  visionLstmState,
} from "./vision-lstm-weights.ts";
import {
  fromOfficialArguments,
  loadOfficial,
  type OfficialUNetArguments,
  officialState,
} from "./weights.ts";

interface Stored {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface StoredCase<Arguments> {
  readonly label: string;
  readonly arguments: Arguments;
  readonly images: Stored;
  readonly weights: Readonly<Record<string, Stored>>;
  /** Further names, and the one under which the weights stand. */
  readonly same: Readonly<Record<string, string>>;
  readonly outputs: readonly Stored[];
}

type Given = OfficialUNetArguments | OfficialVisionLstmArguments;

const references = JSON.parse(
  readFileSync(new URL("../../references/xlstm-unet.json", import.meta.url), "utf8"),
) as {
  readonly cases: readonly StoredCase<Given>[];
  readonly counts: Readonly<Record<string, { readonly arguments: Given; readonly used: number }>>;
};

const isUNet = (given: Given): given is OfficialUNetArguments => given.class.startsWith("UXlstm");
const uNets = references.cases.filter((stored) =>
  isUNet(stored.arguments),
) as StoredCase<OfficialUNetArguments>[];
const visionLstms = references.cases.filter(
  (stored) => !isUNet(stored.arguments),
) as StoredCase<OfficialVisionLstmArguments>[];

const toHost = ({ shape, data }: Stored): HostTensor => hostTensor(data, shape);

function stateOf({ weights, same }: StoredCase<Given>): Map<string, HostTensor> {
  const state = new Map(Object.entries(weights).map(([name, value]) => [name, toHost(value)]));
  for (const [name, of] of Object.entries(same)) state.set(name, state.get(of) as HostTensor);
  return state;
}

/** The largest difference, relative to the largest wanted value. */
function difference(got: HostTensor, wanted: HostTensor): number {
  expect(got.shape).toEqual(wanted.shape);
  const values = got.toArray();
  const scale = Math.max(1, ...wanted.toArray().map(Math.abs));
  const off = wanted.toArray().map((value, i) => Math.abs(value - (values[i] as number)));
  return Math.max(...off) / scale;
}

function uNetOfCase({ arguments: given }: StoredCase<OfficialUNetArguments>): ResidualUNet {
  const { options, target } = fromOfficialArguments(given);
  return build(options, target) as ResidualUNet;
}

/** All forms of the first case's memories, and chunks of the others'. */
function formsOf(stored: StoredCase<OfficialUNetArguments>): readonly MatrixLstmForm[] {
  return stored === uNets[0] ? ["chunked", "parallel", "recurrent"] : ["chunked"];
}

describe.each(uNets)("the official U-Net, $label", (stored) => {
  test.each(formsOf(stored))("its weights give its outputs, with memories %s", async (form) => {
    const { options, target } = fromOfficialArguments(stored.arguments);
    const model = build({ ...options, form }, target) as ResidualUNet;
    await loadOfficial(model, stateOf(stored));
    const run = compile((x: Tensor) => [...model.forward(x)]);
    const levels = await run(toHost(stored.images));
    stored.outputs.forEach((output, level) => {
      expect(difference(levels[level] as HostTensor, toHost(output))).toBeLessThan(1e-4);
    });
  });

  test("ours go back under all of its names", async () => {
    const model = uNetOfCase(stored);
    initialize(model, 2);
    const state = await officialState(model);
    const names = [...Object.keys(stored.weights), ...Object.keys(stored.same)].sort();
    expect([...state.keys()].sort()).toEqual(names);
    const other = uNetOfCase(stored);
    await loadOfficial(other, state);
    expect(await modelTensors(other)).toEqual(await modelTensors(model));
  });
});

describe.each(visionLstms)("the official $label", (stored) => {
  const make = (): VisionLstm => {
    const { options, target } = visionLstmFromArguments(stored.arguments);
    return new VisionLstm(options, target);
  };

  test("its weights give its outputs", async () => {
    const model = make();
    await loadVisionLstm(model, stateOf(stored), stored.arguments);
    const [output] = stored.outputs as [Stored];
    const isImage = stored.arguments.pooling === "to_image";
    const run = compile((x: Tensor) => {
      const said = model.forward(x);
      return isImage ? reshape(transpose(said, [0, 2, 1]), output.shape) : said;
    });
    expect(difference(await run(toHost(stored.images)), toHost(output))).toBeLessThan(1e-4);
  });

  test("ours go back under its names", async () => {
    const model = make();
    initialize(model, 2);
    const state = await visionLstmState(model, stored.arguments);
    expect([...state.keys()].sort()).toEqual(Object.keys(stored.weights).sort());
  });
});

describe.each(Object.entries(references.counts))(
  "the official %s",
  (name, { arguments: given, used }) => {
    test("has as many parameters here", () => {
      if (!isUNet(given)) {
        const { options, target } = visionLstmFromArguments(given);
        expect(countParameters(new VisionLstm(options, target))).toBe(used);
        return;
      }
      const { options, target } = fromOfficialArguments(given);
      expect(countParameters(build(options, target))).toBe(used);
      const preset = { "Bot 2": "bot", "Enc 2": "enc", "Bot 3": "bot-3d", "Enc 3": "enc-3d" }[name];
      expect(paper.presets[preset ?? ""]?.parameters).toBe(used);
    });
  },
);

test("positions of pictures of another size are resized", async () => {
  const [stored] = visionLstms as [StoredCase<OfficialVisionLstmArguments>];
  const larger = { ...stored.arguments, input_shape: [3, 16, 12] };
  const { options, target } = visionLstmFromArguments(larger);
  const model = new VisionLstm(options, target);
  await loadVisionLstm(model, stateOf(stored), larger);
  expect(model.positions.shape).toEqual([12, 8]);
});

test("weights that do not fit are listed", async () => {
  const [stored] = uNets as [StoredCase<OfficialUNetArguments>];
  const state = stateOf(stored);
  state.delete("xlstm.vil.layer.learnable_skip");
  state.set("other", hostTensor([1]));
  await expect(loadOfficial(uNetOfCase(stored), state)).rejects.toThrow(
    /^The official weights do not fit the model: xlstm\.vil\.layer\.learnable_skip is missing; other is not expected\.$/,
  );
});
